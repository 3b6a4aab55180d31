// Units a final answer may carry. A table: one row per spelling, the factor to the base of its dimension
// exact. Temperatures have an offset as well and are therefore compared only within one scale.
#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "verify/quantity.h"

namespace baton::verify {
namespace {

struct Row {
  std::string_view spellings;  // separated by '|'; the first is the canonical name
  std::string_view dimension;
  std::int64_t num, den;
};

constexpr std::array kRows = std::to_array<Row>({
    {"%|percent|per cent|percents|\\%", "percent", 1, 1},
    {"USD|$|dollar|dollars|\\$|us$|usd", "USD", 1, 1},
    {"cent|cents|¢", "USD", 1, 100},
    {"EUR|€|euro|euros|eur", "EUR", 1, 1},
    {"GBP|£|gbp", "GBP", 1, 1},
    {"JPY|¥|yen|jpy", "JPY", 1, 1},
    {"INR|₹|rupee|rupees|inr", "INR", 1, 1},
    {"nm|nanometre|nanometres|nanometer|nanometers", "length", 1, 1'000'000'000},
    {"µm|μm|um|micrometre|micrometres|micrometer|micrometers|micron|microns", "length", 1, 1'000'000},
    {"mm|millimetre|millimetres|millimeter|millimeters", "length", 1, 1000},
    {"cm|centimetre|centimetres|centimeter|centimeters", "length", 1, 100},
    {"m|metre|metres|meter|meters", "length", 1, 1},
    {"km|kilometre|kilometres|kilometer|kilometers", "length", 1000, 1},
    {"in|inch|inches", "length", 254, 10'000},
    {"ft|foot|feet", "length", 3048, 10'000},
    {"yd|yard|yards", "length", 9144, 10'000},
    {"mi|mile|miles", "length", 1'609'344, 1000},
    {"mg|milligram|milligrams", "mass", 1, 1'000'000},
    {"g|gram|grams", "mass", 1, 1000},
    {"kg|kilogram|kilograms", "mass", 1, 1},
    {"t|tonne|tonnes", "mass", 1000, 1},
    {"oz|ounce|ounces", "mass", 28'349'523'125, 1'000'000'000'000},
    {"lb|lbs|pound|pounds", "mass", 45'359'237, 100'000'000},
    {"ns|nanosecond|nanoseconds", "time", 1, 1'000'000'000},
    {"µs|μs|us|microsecond|microseconds", "time", 1, 1'000'000},
    {"ms|millisecond|milliseconds", "time", 1, 1000},
    {"s|sec|secs|second|seconds", "time", 1, 1},
    {"min|mins|minute|minutes", "time", 60, 1},
    {"h|hr|hrs|hour|hours", "time", 3600, 1},
    {"day|days", "time", 86'400, 1},
    {"week|weeks", "time", 604'800, 1},
    {"ml|mL|millilitre|millilitres|milliliter|milliliters", "volume", 1, 1000},
    {"cl|centilitre|centilitres|centiliter|centiliters", "volume", 1, 100},
    {"l|L|litre|litres|liter|liters", "volume", 1, 1},
    {"m3|m³|m^3", "volume", 1000, 1},
    {"cm3|cm³|cm^3", "volume", 1, 1000},
    {"cm2|cm²|cm^2", "area", 1, 10'000},
    {"m2|m²|m^2", "area", 1, 1},
    {"ha|hectare|hectares", "area", 10'000, 1},
    {"km2|km²|km^2", "area", 1'000'000, 1},
    {"m/s", "speed", 1, 1},
    {"km/h|kph|kmh", "speed", 1000, 3600},
    {"mph|mi/h", "speed", 1'609'344, 3'600'000},
    {"J|joule|joules", "energy", 1, 1},
    {"kJ|kilojoule|kilojoules", "energy", 1000, 1},
    {"MJ|megajoule|megajoules", "energy", 1'000'000, 1},
    {"cal|calorie|calories", "energy", 4184, 1000},
    {"kcal|kilocalorie|kilocalories", "energy", 4184, 1},
    {"Wh", "energy", 3600, 1},
    {"kWh", "energy", 3'600'000, 1},
    {"W|watt|watts", "power", 1, 1},
    {"kW|kilowatt|kilowatts", "power", 1000, 1},
    {"MW|megawatt|megawatts", "power", 1'000'000, 1},
    {"Pa|pascal|pascals", "pressure", 1, 1},
    {"kPa", "pressure", 1000, 1},
    {"bar|bars", "pressure", 100'000, 1},
    {"N|newton|newtons", "force", 1, 1},
    {"kN", "force", 1000, 1},
    {"V|volt|volts", "voltage", 1, 1},
    {"mA|milliampere|milliamperes", "current", 1, 1000},
    {"A|ampere|amperes|amp|amps", "current", 1, 1},
    {"Hz|hertz", "frequency", 1, 1},
    {"kHz", "frequency", 1000, 1},
    {"MHz", "frequency", 1'000'000, 1},
    {"GHz", "frequency", 1'000'000'000, 1},
    {"°|degree|degrees|deg", "angle", 1, 1},
    {"°C|celsius|degrees celsius", "celsius", 1, 1},
    {"°F|fahrenheit|degrees fahrenheit", "fahrenheit", 1, 1},
    {"K|kelvin", "kelvin", 1, 1},
    {"B|byte|bytes", "information", 1, 1},
    {"kB|KB|kilobyte|kilobytes", "information", 1000, 1},
    {"MB|megabyte|megabytes", "information", 1'000'000, 1},
    {"GB|gigabyte|gigabytes", "information", 1'000'000'000, 1},
    {"TB|terabyte|terabytes", "information", 1'000'000'000'000, 1},
    {"KiB", "information", 1024, 1},
    {"MiB", "information", 1'048'576, 1},
    {"GiB", "information", 1'073'741'824, 1},
});

// A number in a text may be followed by twenty beginnings of words that could be a unit, and most are none:
// one look-up each. Going through the rows instead was five sixths of the time of reading an answer.
struct Index {
  std::unordered_map<std::string_view, const Row*> exact;
  std::unordered_map<std::string, const Row*> lower;  // words whose case does not matter

  Index() {
    for (const Row& row : kRows) {
      for (std::string_view left = row.spellings; !left.empty();) {
        const std::size_t bar = std::min(left.find('|'), left.size());
        const std::string_view s = left.substr(0, bar);
        exact.emplace(s, &row);
        if (s.size() > 3) lower.emplace(Lower(s), &row);
        left.remove_prefix(std::min(bar + 1, left.size()));
      }
    }
  }
  static std::string Lower(std::string_view s) {
    std::string out(s);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
  }
};

const Index& TheIndex() {
  static const Index kIndex;
  return kIndex;
}

const Row* Exact(std::string_view s) {
  const auto at = TheIndex().exact.find(s);
  return at == TheIndex().exact.end() ? nullptr : at->second;
}

const Row* AnyCase(std::string_view s) {
  const auto at = TheIndex().lower.find(Index::Lower(s));
  return at == TheIndex().lower.end() ? nullptr : at->second;
}

std::string_view Canonical(const Row& row) {
  return row.spellings.substr(0, row.spellings.find('|'));
}

}  // namespace

std::string_view CanonicalUnit(std::string_view written) {
  if (written.empty() || written.size() > 24) return {};
  // mW is not MW: short names by their case, words whatever it is.
  const Row* row = Exact(written);
  if (row == nullptr && written.size() > 3) row = AnyCase(written);
  return row == nullptr ? std::string_view() : Canonical(*row);
}

std::optional<UnitInfo> FindUnit(std::string_view unit) {
  const std::string_view name = CanonicalUnit(unit);
  if (name.empty()) return std::nullopt;
  const Row* row = Exact(name);
  return UnitInfo{row->dimension, Rational::Of(row->num, row->den).value_or(Rational(1))};
}

}  // namespace baton::verify
