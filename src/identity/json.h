#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace signet::identity {

struct JsonMember;
struct JsonValue;
using JsonArray = std::vector<JsonValue>;

// The members of an object, each name once. A plain value.
class JsonObject {
 public:
  JsonObject() = default;
  // `members` in any order; their names must differ.
  explicit JsonObject(std::vector<JsonMember> members);

  // The member's value, or null. Valid as long as the object is neither changed nor moved from.
  const JsonValue* find(std::string_view name) const;
  // Sorted by name.
  const std::vector<JsonMember>& members() const { return members_; }

 private:
  std::vector<JsonMember> members_;
};

// Integers that fit are int64_t or uint64_t; every other number is a finite double.
struct JsonValue {
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, JsonArray,
               JsonObject>
      value;

  // The value as a T, or null.
  template <typename T>
  const T* as() const {
    return std::get_if<T>(&value);
  }
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

enum class JsonError : std::uint8_t {
  not_json,          // RFC 8259, in UTF-8, nothing behind it
  not_an_object,     // another value
  duplicate_member,  // at any depth: readers differ in which one they take
  too_deep,
  too_many_values
};

// For an operator's log, e.g. "not JSON".
std::string_view describe(JsonError error);

struct JsonLimits {
  std::size_t depth = 16;
  std::size_t values = 4096;
};

// Reads one JSON object, strictly: no two members of one name, no number beyond a double, no lone
// surrogates. The result owns everything.
std::expected<JsonObject, JsonError> parse_json_object(std::string_view text,
                                                       const JsonLimits& limits = {});

}  // namespace signet::identity
