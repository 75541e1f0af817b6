#include <algorithm>

#include <fmt/format.h>

#include "config/reader.h"

namespace signet::config {

namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;

// RFC 9110 §5.5: what a field value may hold, without obs-text.
bool fits_a_header(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; });
}

std::expected<std::string, std::string> read_source(std::string_view source,
                                                    const Environment& environment) {
  std::size_t colon = std::min(source.find(':'), source.size());
  std::string_view kind = source.substr(0, colon);
  std::string name(source.substr(std::min(colon + 1, source.size())));
  if (kind == "ssm" || kind == "secretsmanager") {
    return std::unexpected(fmt::format(
        "${{{}:…}} is not supported by this version: write ${{env:NAME}} or ${{file:PATH}}", kind));
  }
  if ((kind != "env" && kind != "file") || name.empty()) {
    // What stands there may be a piece of the secret: it is not repeated.
    return std::unexpected("a ${ that begins neither ${env:NAME} nor ${file:PATH}");
  }
  if (kind == "env") {
    auto value = environment.variable(name);
    if (value) return std::move(*value);
    return std::unexpected(fmt::format("the environment variable {} is not set: set it", name));
  }
  auto text = environment.read_file(name, kMaxSecretBytes);
  if (!text) {
    return std::unexpected(fmt::format("cannot read the file {}: {}", name, text.error()));
  }
  // Editors and `echo` end a file with a newline that is not meant.
  while (text->ends_with('\n') || text->ends_with('\r'))
    text->pop_back();
  return text;
}

}  // namespace

std::expected<Secret, std::string> resolve_secret(std::string_view text,
                                                  const Environment& environment) {
  std::string resolved;
  while (!text.empty()) {
    std::size_t start = std::min(text.find("${"), text.size());
    resolved += text.substr(0, start);
    text.remove_prefix(start);
    if (text.empty()) break;
    std::size_t end = text.find('}');
    if (end == std::string_view::npos) return std::unexpected("a ${ without its }");
    auto value = read_source(text.substr(2, end - 2), environment);
    if (!value) return std::unexpected(std::move(value.error()));
    resolved += *value;
    crypto::wipe(*value);
    text.remove_prefix(end + 1);
  }
  Secret secret(std::move(resolved));
  if (secret.empty()) return std::unexpected("the secret is empty");
  if (!fits_a_header(secret.reveal())) {
    return std::unexpected("the secret holds a line break, a control character or more than ASCII");
  }
  return secret;
}

}  // namespace signet::config
