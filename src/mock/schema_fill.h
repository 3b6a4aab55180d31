// Makes a JSON value that a JSON Schema accepts, filled from a text where the text obviously says it: what
// the mock answers to `response_format` and puts into tool calls.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::mock {

// `nth` picks among several candidates in the text ("Paris and Tokyo": 0 Paris, 1 Tokyo).
// `schema` empty or "{}": an empty object. Understands type (lists too), properties, items, prefixItems,
// enum, const, default, anyOf, oneOf, allOf, local $ref, format, min/max of numbers, lengths and counts. Not:
// pattern, not, if/then. kInvalidRequest when `schema` is not JSON or not an object.
Result<std::string> FillSchema(std::string_view schema, std::string_view text, std::size_t nth = 0);

// How many things of the kind that the schema's first "place or name" property wants the text names: the
// number of parallel calls it asks for. At least 1.
std::size_t CountSubjects(std::string_view schema, std::string_view text);

}  // namespace baton::mock
