#include "access/settings.h"

#include <algorithm>

namespace baton::access {
namespace {

bool AllOf(std::string_view name, std::string_view also) {
  return std::all_of(name.begin(), name.end(), [also](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           also.find(c) != std::string_view::npos;
  });
}

}  // namespace

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && AllOf(name, "._:/@+-");
}

bool IsUser(std::string_view name) {
  return !name.empty() && name.size() <= 128 && AllOf(name, "._:/@+-|=~!*");
}

}  // namespace baton::access
