// Signs requests that come one after the other on standard input, with the code of `signet sign`.
// A case is a line "HEADERS NORMALIZE SERVICE REGION TIME KEY SECRET TOKEN BYTES" ("all" or
// "gateway", "yes" or "no", TOKEN "-" for none) and then that many bytes of raw request. The answer
// is, for the canonical request, the string to sign, the authorization and the signed request, a
// line "EXIT-CODE BYTES" and that many bytes: what the command printed, or its message.

#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>

#include "signing/sign_command.h"

namespace signing = signet::signing;

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream fields(line);
    std::string headers;
    std::string normalize;
    std::string key;
    std::string secret;
    std::string token;
    std::size_t bytes = 0;
    signing::SignOptions options;
    fields >> headers >> normalize >> options.service >> options.region >> options.time >> key >>
        secret >> token >> bytes;
    if (!fields) {
      std::cerr << "signing_driver: cannot read the case: " << line << '\n';
      return 2;
    }
    std::string request(bytes, '\0');
    std::cin.read(request.data(), static_cast<std::streamsize>(bytes));

    options.headers = headers == "gateway" ? signing::Headers::kGateway : signing::Headers::kAll;
    options.normalize_path = normalize == "yes";
    options.environment = [&](std::string_view name) -> std::optional<std::string> {
      if (name == "AWS_ACCESS_KEY_ID") return key;
      if (name == "AWS_SECRET_ACCESS_KEY") return secret;
      if (name == "AWS_SESSION_TOKEN" && token != "-") return token;
      return std::nullopt;
    };
    for (const signing::Show show : {signing::Show::kCanonicalRequest, signing::Show::kStringToSign,
                                     signing::Show::kAuthorization, signing::Show::kRequest}) {
      options.show = show;
      std::istringstream in(request);
      std::ostringstream out;
      std::ostringstream err;
      const int code = signing::sign_command(options, in, out, err);
      const std::string answer = code == 0 ? out.str() : err.str();
      std::cout << code << ' ' << answer.size() << '\n' << answer;
    }
    std::cout << std::flush;
  }
  return 0;
}
