export { describeAdapterContract } from "./adapter-contract.ts";
export { startTestService } from "./service.ts";
export type { AdapterApp, AppBinding } from "./adapter-contract.ts";
export type { RecordedRequest, TestService } from "./service.ts";
