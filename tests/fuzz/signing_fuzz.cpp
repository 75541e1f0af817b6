// Feeds `signet sign` arbitrary requests: nothing may crash, and what is signed must be one
// request.

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "signing/canonical_request.h"
#include "signing/sign_command.h"

namespace signing = signet::signing;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string shown(signing::SignOptions options, signing::Show show, const std::string& text,
                  int& code) {
  options.show = show;
  std::istringstream in(text);
  std::ostringstream out;
  std::ostringstream err;
  code = signing::sign_command(options, in, out, err);
  require(code == 0 || code == 2);
  require(code == 0 ? out.str().ends_with('\n') : out.str().empty());
  require(code == 0 || err.str().ends_with('\n'));
  return out.str();
}

// Six parts, the headers each on a line of its own: no part can smuggle a line into another.
void require_sound(std::string_view canonical, std::string_view authorization) {
  const std::size_t begin = authorization.find("SignedHeaders=") + 14;
  const std::string_view names =
      authorization.substr(begin, authorization.find(',', begin) - begin);
  std::size_t lines = 0;
  for (const char c : canonical)
    lines += c == '\n' ? 1U : 0U;
  std::size_t headers = 1;
  for (const char c : names)
    headers += c == ';' ? 1U : 0U;
  // Method, path, query, the headers, an empty line, the names, the hash, and the final newline.
  require(lines == headers + 6);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);

  signing::SignOptions options;
  options.service = (data[0] & 1) != 0 ? "s3" : "sagemaker";
  options.region = "us-east-1";
  options.time = "20150830T123600Z";
  options.headers = (data[0] & 2) != 0 ? signing::Headers::kGateway : signing::Headers::kAll;
  options.normalize_path = (data[0] & 4) != 0;
  options.environment = [](std::string_view) { return std::optional<std::string>("value"); };

  int code = 0;
  const std::string canonical = shown(options, signing::Show::kCanonicalRequest, text, code);
  const std::string authorization = shown(options, signing::Show::kAuthorization, text, code);
  const std::string request = shown(options, signing::Show::kRequest, text, code);
  if (code != 0) return 0;
  require_sound(canonical, authorization);

  // What is shown signs to the same again: its newline at the end is not part of it.
  const std::string resent = request.substr(0, request.size() - 1);
  require(shown(options, signing::Show::kAuthorization, resent, code) == authorization);

  const std::string normalized = signing::normalized_path(text);
  require(signing::normalized_path(normalized) == normalized);
  require(normalized.starts_with('/') && !normalized.contains("//"));
  return 0;
}
