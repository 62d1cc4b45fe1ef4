export { describeAdapterContract } from "./adapter-contract.ts";
export { startTestPostgres } from "./postgres.ts";
export { startTestService } from "./service.ts";
export { describeStoreContract } from "./store-contract.ts";
export type { AdapterApp, AppBinding } from "./adapter-contract.ts";
export type { TestPostgres } from "./postgres.ts";
export type { RecordedRequest, TestService } from "./service.ts";
export type { StoreBackend, StoreHome } from "./store-contract.ts";
