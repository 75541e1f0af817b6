#include "http/conditional.h"

#include "http/characters.h"

namespace signet::http {
namespace {

std::string_view without_weakness(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

// The length of the entity-tag `text` begins with, 0 if it begins with none (RFC 9110 §8.8.3):
// entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE
// etagc      = %x21 / %x23-7E / obs-text
std::size_t entity_tag(std::string_view text) {
  const std::size_t quote = text.starts_with("W/") ? 2 : 0;
  if (text.size() <= quote || text[quote] != '"') return 0;
  for (std::size_t i = quote + 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte <= 0x20 || byte == 0x7F) return 0;
  }
  return 0;
}

enum class Matched : unsigned char { no, yes, malformed };

// If-None-Match = "*" / #entity-tag
Matched match_list(std::string_view list, std::string_view etag) {
  Matched matched = Matched::no;
  std::string_view rest = character::trim(list);
  while (!rest.empty()) {
    if (rest[0] != ',') {
      const std::size_t size = entity_tag(rest);
      if (size == 0) return Matched::malformed;
      if (without_weakness(rest.substr(0, size)) == without_weakness(etag)) matched = Matched::yes;
      rest = character::trim(rest.substr(size));
      if (rest.empty()) break;
      if (rest[0] != ',') return Matched::malformed;
    }
    rest = character::trim(rest.substr(1));
  }
  return matched;
}

}  // namespace

bool if_none_match_matches(const Fields& fields, std::string_view etag) {
  if (!fields.has(FieldId::if_none_match)) return false;
  if (fields.value(FieldId::if_none_match) == "*") return fields.count(FieldId::if_none_match) == 1;
  bool any = false;
  for (const Field& field : fields) {
    if (field.id != FieldId::if_none_match) continue;
    const Matched matched = match_list(field.value, etag);
    if (matched == Matched::malformed) return false;
    any = any || matched == Matched::yes;
  }
  return any;
}

bool if_range_allows(const Fields& fields, std::string_view etag, std::string_view last_modified) {
  if (!fields.has(FieldId::if_range)) return true;
  if (fields.count(FieldId::if_range) != 1) return false;
  const std::string_view condition = fields.value(FieldId::if_range);
  if (condition.starts_with('"')) return condition == etag;
  return !last_modified.empty() && condition == last_modified;
}

}  // namespace signet::http
