// The api-gateway in another process: for tests, and for the generator of the OpenAPI document.
export { env, type GatewayConfig } from './env.ts';
export { FAILPOINTS, type Failpoint } from './failpoints.ts';
export { openApiDocument } from './http/document/openapi.ts';
export { create, type GatewayService } from './service.ts';
