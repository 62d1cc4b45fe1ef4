// The service itself, for tests of packages that may not depend on it; no test runner is loaded with it.
export { embedded, serve } from "@spectron/server";
