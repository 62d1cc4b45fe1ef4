import { createKitApp, describeAdapterContract } from "@spectron/testing";

describeAdapterContract("the kit itself", createKitApp, {});
