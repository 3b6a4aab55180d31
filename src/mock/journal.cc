#include "mock/journal.h"

#include <nlohmann/json.hpp>

#include "mock/text.h"

namespace baton::mock {

std::shared_ptr<Entry> Journal::Add(const net::Request& request) {
  auto entry = std::make_shared<Entry>();
  entry->number = ++number_;
  entry->method = request.method;
  entry->target = request.target;
  entry->body = request.body.substr(0, body_bytes_);
  for (const auto& h : request.headers) entry->headers.emplace_back(Lower(h.name), h.value);
  kept_.push_back(entry);
  if (kept_.size() > entries_) kept_.pop_front();
  return entry;
}

std::string Journal::ToJson() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& e : kept_) {
    nlohmann::ordered_json headers = nlohmann::ordered_json::object();
    for (const auto& [name, value] : e->headers) headers[name] = value;
    list.push_back({{"number", e->number},
                    {"method", e->method},
                    {"target", e->target},
                    {"headers", headers},
                    {"body", e->body},
                    {"status", e->status},
                    {"reply", e->reply},
                    {"running", e->running},
                    {"aborted", e->aborted}});
  }
  nlohmann::ordered_json whole;
  whole["requests"] = std::move(list);
  return whole.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace baton::mock
