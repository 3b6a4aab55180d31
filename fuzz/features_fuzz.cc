// Any bytes have features.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "rails/rails.h"
#include "route/features.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton;
  static const auto rails = [] { return rails::Rails({}, rails::Classifier::Build({}).value()); }();
  static const rails::Catalogue catalogue{{[] {
    auto w = std::make_shared<pool::Worker>();
    w->data.classes = {"public", "internal", "personal", "secret"};
    return w;
  }()}};
  chat::Request request;
  chat::Message message;
  message.parts.push_back(chat::Text{std::string(reinterpret_cast<const char*>(data), size), {}});
  request.messages.push_back(message);
  message.role = chat::Role::kSystem;
  request.messages.push_back(message);
  auto permit = rails.Admit({}, {}, request, catalogue, TimePoint());
  if (!permit) __builtin_trap();
  if (route::Compute(request, *permit).task.empty()) __builtin_trap();
  return 0;
}
