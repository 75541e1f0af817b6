// Whatever STS answers: a role that is read from it can be logged, compared and made an id of.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "identity/aws_caller.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_name(std::string_view text) {
  require(!text.empty() && text.size() <= 64);
  require(text.find_first_of("/:* \n<&") == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found = identity::parse_caller_identity({reinterpret_cast<const char*>(data), size});
  if (!found) {
    const auto error = found.error().error;
    require(error == identity::ProofError::refused || error == identity::ProofError::bad_answer);
    for (const char c : found.error().detail)
      require(c >= 0x20 && c < 0x7F);
    return 0;
  }
  require(found->account.size() == 12 && found->arn.size() <= 2048);
  const auto caller = identity::role_of(*found, "aws");
  if (!caller) return 0;
  require_name(caller->role);
  require_name(caller->session);
  require(caller->account == found->account);
  config::AwsRole role;
  role.arn = "arn:aws:iam::" + caller->account + ":role/" + caller->role;
  require(identity::role_fits(role.arn, *caller));
  require(identity::role_fits(role.arn + "*", *caller));
  require(!identity::role_fits(role.arn + "x", *caller));
  const auto person = identity::person_of(*caller, {role});
  require(person && person->id.starts_with("aws:" + caller->account + ":role/"));
  require(!identity::person_of(*caller, {}));
  return 0;
}
