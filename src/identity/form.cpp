#include "identity/form.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "http/characters.h"
#include "http/utf8.h"

namespace signet::identity {

namespace {

std::expected<std::string, FormError> decoded(std::string_view text) {
  std::string bytes;
  http::Utf8Check utf8;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte < 0x21 || byte > 0x7E || byte == '#') return std::unexpected(FormError::malformed);
    if (byte == '+') byte = ' ';
    if (byte == '%') {
      if (text.size() - i < 3) return std::unexpected(FormError::malformed);
      const unsigned high = http::character::hex_value(text[i + 1]);
      const unsigned low = http::character::hex_value(text[i + 2]);
      if (high > 15 || low > 15) return std::unexpected(FormError::malformed);
      byte = static_cast<std::uint8_t>(high << 4 | low);
      i += 2;
    }
    if (byte < 0x20 || byte == 0x7F || !utf8.accept(byte)) {
      return std::unexpected(FormError::not_text);
    }
    bytes += static_cast<char>(byte);
  }
  if (!utf8.complete()) return std::unexpected(FormError::not_text);
  return bytes;
}

}  // namespace

void append_form_encoded(std::string& to, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if (http::character::is_unreserved(c)) {
      to += c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    to += '%';
    to += kDigits[byte >> 4];
    to += kDigits[byte & 15];
  }
}

std::string form_text(const std::vector<FormParameter>& parameters) {
  std::string text;
  for (const FormParameter& parameter : parameters) {
    if (!text.empty()) text += '&';
    append_form_encoded(text, parameter.name);
    text += '=';
    append_form_encoded(text, parameter.value);
  }
  return text;
}

std::string with_query(std::string_view url, const std::vector<FormParameter>& parameters) {
  std::string text(url);
  if (!url.contains('?')) {
    text += '?';
  } else if (!url.ends_with('?') && !url.ends_with('&')) {
    text += '&';
  }
  return text + form_text(parameters);
}

std::expected<std::vector<FormParameter>, FormError> parse_form(std::string_view text) {
  if (text.size() > kMaxFormBytes) return std::unexpected(FormError::too_large);
  std::vector<FormParameter> parameters;
  bool more = !text.empty();
  while (more) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    more = end != std::string_view::npos;
    if (more) text.remove_prefix(end + 1);
    if (pair.empty()) return std::unexpected(FormError::malformed);
    if (parameters.size() == kMaxFormParameters) return std::unexpected(FormError::too_large);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals));
    if (!name) return std::unexpected(name.error());
    auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!value) return std::unexpected(value.error());
    if (std::ranges::find(parameters, *name, &FormParameter::name) != parameters.end()) {
      return std::unexpected(FormError::repeated);
    }
    parameters.push_back({std::move(*name), std::move(*value)});
  }
  return parameters;
}

}  // namespace signet::identity
