#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "identity/aws_proofs.h"
#include "identity/renewal.h"
#include "identity/sign_in.h"
#include "identity/sign_out.h"
#include "portal_api/account_api.h"
#include "portal_api/aws_token_api.h"
#include "runtime/call.h"
#include "runtime/race.h"
#include "runtime/task_set.h"

namespace signet::gateway {

// What of identity needs the store or the providers. It lives on the home loop; exchanges of every
// loop ask it by call(). Made before the loops run; outlives the other loops' hosts.
class IdentityDesk {
 public:
  // All borrowed, all of the home loop, but `sts`: an address that stands in for STS, or "".
  IdentityDesk(runtime::EventLoop& home, http::Fetcher& fetcher, identity::KeyBookView& keys,
               state::Store& store, crypto::Random& random, const runtime::Clock& clock,
               const std::string& sts);
  IdentityDesk(const IdentityDesk&) = delete;
  IdentityDesk& operator=(const IdentityDesk&) = delete;

  // On the home loop.
  identity::SignIn& sign_in() { return sign_in_; }
  identity::Renewal& renewal() { return renewal_; }
  identity::SignOut& sign_out() { return sign_out_; }
  // Tokens and devices go by this configuration from now on.
  void configure(const config::Config& config);
  // Whether a path below /signet/api/v1 is one of those that answer() knows. Any loop.
  static bool answers(std::string_view path);
  static bool answers_everybody(std::string_view path);
  runtime::Task<portal_api::ApiAnswer> answer(portal_api::ApiCall call,
                                              identity::SharedConfig config);
  // Ends all work.
  void stop() { tasks_.cancel_all(); }

  // On any loop: what `work` gives when the home loop has run it, or nothing when that takes longer
  // than anybody waits. `work` owns what it needs.
  template <typename T>
  runtime::Task<std::optional<T>> call(runtime::EventLoop& from,
                                       std::function<runtime::Task<T>()> work) {
    runtime::Call<T> call(from, home_, tasks_, std::move(work));
    auto waiting = call.result();
    auto within = runtime::within(from, runtime::after(from.now(), kPatience), std::move(waiting));
    co_return co_await std::move(within);
  }

 private:
  // Longer than all deadlines of one piece of work together.
  static constexpr runtime::Duration kPatience = std::chrono::seconds(40);

  runtime::EventLoop& home_;
  identity::Providers providers_;
  identity::SignInParts parts_;
  identity::SignIn sign_in_;
  identity::Renewal renewal_;
  identity::SignOut sign_out_;
  portal_api::AccountApi account_;
  identity::AwsProofs proofs_;
  portal_api::AwsTokenApi aws_tokens_;
  runtime::TaskSet tasks_;
};

}  // namespace signet::gateway
