// The codecs by vendor, for registry.cc. They have no state; the references live as long as the program.
#pragma once

#include "provider/dialect.h"

namespace baton::provider {

const WorkerCodec& OpenAiWorkerCodec();
const ClientCodec& OpenAiClientCodec();
const WorkerCodec& AnthropicWorkerCodec();
const ClientCodec& AnthropicClientCodec();
const WorkerCodec& GeminiWorkerCodec();
const ClientCodec& GeminiClientCodec();

}  // namespace baton::provider
