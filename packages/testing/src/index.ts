export { startTestService } from "./service.ts";
export type { RecordedRequest, TestService } from "./service.ts";
