#include "identity/json.h"

#include <algorithm>
#include <utility>

#include <simdjson.h>

namespace signet::identity {

namespace {

namespace dom = simdjson::dom;

// Copies simdjson's tree into one of ours, as far as it keeps the rules.
class Copier {
 public:
  explicit Copier(const JsonLimits& limits) : limits_(limits) {}

  std::expected<JsonObject, JsonError> object(dom::object from, std::size_t depth) {
    if (depth > limits_.depth) return std::unexpected(JsonError::too_deep);
    std::vector<JsonMember> members;
    for (const dom::key_value_pair& member : from) {
      auto copied = value(member.value, depth);
      if (!copied) return std::unexpected(copied.error());
      members.push_back({std::string(member.key), std::move(*copied)});
    }
    JsonObject made(std::move(members));
    const auto same_name = [](const auto& a, const auto& b) { return a.name == b.name; };
    if (std::ranges::adjacent_find(made.members(), same_name) != made.members().end()) {
      return std::unexpected(JsonError::duplicate_member);
    }
    return made;
  }

 private:
  std::expected<JsonArray, JsonError> array(dom::array from, std::size_t depth) {
    if (depth > limits_.depth) return std::unexpected(JsonError::too_deep);
    JsonArray values;
    for (const dom::element element : from) {
      auto copied = value(element, depth);
      if (!copied) return std::unexpected(copied.error());
      values.push_back(std::move(*copied));
    }
    return values;
  }

  std::expected<JsonValue, JsonError> value(dom::element from, std::size_t depth) {
    if (++values_ > limits_.values) return std::unexpected(JsonError::too_many_values);
    switch (from.type()) {
      case dom::element_type::ARRAY: {
        auto copied = array(from.get_array().value_unsafe(), depth + 1);
        if (!copied) return std::unexpected(copied.error());
        return JsonValue{std::move(*copied)};
      }
      case dom::element_type::OBJECT: {
        auto copied = object(from.get_object().value_unsafe(), depth + 1);
        if (!copied) return std::unexpected(copied.error());
        return JsonValue{std::move(*copied)};
      }
      case dom::element_type::INT64: return JsonValue{from.get_int64().value_unsafe()};
      case dom::element_type::UINT64: return JsonValue{from.get_uint64().value_unsafe()};
      case dom::element_type::DOUBLE: return JsonValue{from.get_double().value_unsafe()};
      case dom::element_type::STRING:
        return JsonValue{std::string(from.get_string().value_unsafe())};
      case dom::element_type::BOOL: return JsonValue{from.get_bool().value_unsafe()};
      case dom::element_type::NULL_VALUE: break;
    }
    return JsonValue{nullptr};
  }

  const JsonLimits& limits_;
  std::size_t values_ = 0;
};

}  // namespace

JsonObject::JsonObject(std::vector<JsonMember> members) : members_(std::move(members)) {
  std::ranges::sort(members_, {}, &JsonMember::name);
}

const JsonValue* JsonObject::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(members_, name, {}, &JsonMember::name);
  return at != members_.end() && at->name == name ? &at->value : nullptr;
}

std::string_view describe(JsonError error) {
  switch (error) {
    case JsonError::not_json: return "not JSON";
    case JsonError::not_an_object: return "not a JSON object";
    case JsonError::duplicate_member: return "a JSON member that is there twice";
    case JsonError::too_deep: return "JSON nested too deeply";
    case JsonError::too_many_values: return "too many JSON values";
  }
  return "unknown";
}

std::expected<JsonObject, JsonError> parse_json_object(std::string_view text,
                                                       const JsonLimits& limits) {
  dom::parser parser;
  dom::element root;
  const simdjson::error_code code = parser.parse(text.data(), text.size()).get(root);
  if (code == simdjson::DEPTH_ERROR) return std::unexpected(JsonError::too_deep);
  if (code != simdjson::SUCCESS) return std::unexpected(JsonError::not_json);
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return std::unexpected(JsonError::not_an_object);
  return Copier(limits).object(object, 1);
}

}  // namespace signet::identity
