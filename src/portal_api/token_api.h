#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/random.h"
#include "portal_api/account_rules.h"
#include "portal_api/api_call.h"
#include "portal_api/token_request.h"
#include "runtime/clock.h"
#include "runtime/task.h"
#include "state/store.h"

namespace signet::portal_api {

inline constexpr std::size_t kMostTokens = 50;    // of one person, usable at once
inline constexpr std::size_t kMostKept = 10'000;  // with those that have ended
inline constexpr std::int64_t kDefaultDays = 30;

// The most lifetime_days that a token may be asked for: what is shorter than a day counts as one,
// and its token ends earlier.
std::int64_t max_token_days(runtime::Duration max_lifetime);
// 16 lower-case hexadecimal digits.
bool is_token_id(std::string_view text);
// A 409 when the person's tokens leave no room for another one. `of_kind` says which ones are
// counted as usable; `under_way` are being made.
std::optional<ApiAnswer> refuse_if_too_many(const std::vector<state::Token>& tokens,
                                            bool (*of_kind)(state::TokenKind),
                                            std::size_t under_way, std::int64_t now);

// Personal and service tokens. On the home loop; the call's caller is somebody, and what is given
// by reference stays until the task ends.
class TokenApi {
 public:
  // All borrowed.
  TokenApi(state::Store& store, crypto::Random& random, const runtime::Clock& clock)
      : store_(store), random_(random), clock_(clock) {}

  // GET /tokens: the caller's own, an administrator's ?person=ID. Of a sign-in on a device the pair
  // at hand only. A token that is narrowed sees itself.
  ApiAnswer list(const ApiCall& call) const;
  // POST /tokens
  runtime::Task<ApiAnswer> make(const ApiCall& call, const AccountRules& rules);
  // DELETE /tokens/{id}: the caller's own, or any for an administrator. One of a sign-in on a
  // device ends with all the others of it.
  runtime::Task<ApiAnswer> revoke(const ApiCall& call, std::string_view id);

 private:
  std::optional<state::Token> find(std::string_view id) const;
  std::optional<ApiAnswer> complete(state::Token& token, const TokenRequest& request,
                                    const Caller& caller, const AccountRules& rules) const;

  state::Store& store_;
  crypto::Random& random_;
  const runtime::Clock& clock_;
  std::multiset<std::string> under_way_;  // the owners of tokens that are being made
};

}  // namespace signet::portal_api
