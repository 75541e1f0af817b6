#include "http/accept.h"

#include <array>
#include <optional>

#include "http/characters.h"

namespace signet::http {
namespace {

using character::equals_ignoring_case;

// qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) (RFC 9110 §12.4.2), in thousandths.
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  if (text.size() == 1) return weight;
  if (text[1] != '.') return std::nullopt;
  int unit = 100;
  for (const char c : text.substr(2)) {
    if (!character::is_digit(c)) return std::nullopt;
    weight += (c - '0') * unit;
    unit /= 10;
  }
  if (weight > 1000) return std::nullopt;
  return weight;
}

struct Weighted {
  std::string_view name;
  int weight = 1000;  // -1: malformed
};

// name *( OWS ";" OWS parameter ), of whose parameters only "q" matters here.
Weighted parse_weighted(std::string_view element) {
  const std::size_t semicolon = element.find(';');
  Weighted result{character::trim(element.substr(0, semicolon))};
  std::string_view rest =
      semicolon == std::string_view::npos ? std::string_view() : element.substr(semicolon + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    const std::string_view parameter = character::trim(rest.substr(0, end));
    if (parameter.size() > 2 && equals_ignoring_case(parameter.substr(0, 2), "q=")) {
      result.weight = parse_weight(parameter.substr(2)).value_or(-1);
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return result;
}

}  // namespace

Coding choose_coding(const Fields& fields, bool has_gzip, bool has_br) {
  constexpr int kUnnamed = -1;
  std::array<int, 3> weights{kUnnamed, kUnnamed, kUnnamed};  // by Coding
  int others = kUnnamed;
  if (!fields.has(FieldId::accept_encoding)) return Coding::identity;
  for (const Field& field : fields) {
    if (field.id != FieldId::accept_encoding) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const Weighted wanted = parse_weighted(character::next_element(rest));
      if (wanted.name.empty()) continue;
      if (wanted.weight < 0) return Coding::identity;
      if (wanted.name == "*") others = wanted.weight;
      if (equals_ignoring_case(wanted.name, "identity")) weights[0] = wanted.weight;
      if (equals_ignoring_case(wanted.name, "gzip")) weights[1] = wanted.weight;
      if (equals_ignoring_case(wanted.name, "br")) weights[2] = wanted.weight;
    }
  }
  const auto weight_of = [&](Coding coding) {
    const int named = weights[static_cast<std::size_t>(coding)];
    return named != kUnnamed ? named : others;
  };
  // Identity is acceptable unless named otherwise, and the least wanted when it was not named.
  Coding best = Coding::identity;
  int best_weight = weight_of(Coding::identity);
  const auto consider = [&](Coding coding, bool on_hand) {
    const int weight = weight_of(coding);
    if (!on_hand || weight <= 0 || weight < best_weight) return;
    best = coding;
    best_weight = weight;
  };
  consider(Coding::gzip, has_gzip);
  consider(Coding::br, has_br);
  return best;
}

bool accept_names(const Fields& fields, std::string_view type) {
  if (!fields.has(FieldId::accept)) return false;
  for (const Field& field : fields) {
    if (field.id != FieldId::accept) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const Weighted wanted = parse_weighted(character::next_element(rest));
      if (wanted.weight > 0 && equals_ignoring_case(wanted.name, type)) return true;
    }
  }
  return false;
}

bool is_navigation(const Fields& fields) {
  if (fields.has(FieldId::sec_fetch_mode)) {
    return fields.value(FieldId::sec_fetch_mode) == "navigate";
  }
  return accept_names(fields, "text/html");
}

}  // namespace signet::http
