#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/answer_fields.h"
#include "gateway/refusal_reply.h"
#include "gateway/route.h"
#include "gateway/worker.h"
#include "http/body.h"
#include "identity/session.h"
#include "identity/sign_in.h"
#include "origin/incoming.h"
#include "origin/outgoing.h"
#include "portal_api/api_call.h"
#include "watch/gateway_metrics.h"
#include "watch/trace_context.h"

namespace signet::gateway {

// One request on its way to its answer: docs/life-of-a-request.md in code. Lives as long as the
// exchange; its end, however it comes, is recorded.
class Exchange {
 public:
  Exchange(Worker& worker, http::Request& request, http::ByteSource& body, http::Reply& reply);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  runtime::Task<void> run();
  // The same for a head that could not be parsed.
  runtime::Task<void> run_malformed(http::ParseError error);

 private:
  using Refusal = std::optional<Refused>;

  // The stops, in order. A Refusal ends the journey.
  Refusal check_address();
  Refusal check_request();
  runtime::Task<Refusal> recognise();
  runtime::Task<Refusal> recognise_token(std::string token);
  runtime::Task<Refusal> recognise_session();
  runtime::Task<Refusal> recognise_by_load_balancer();
  Refusal recognise_own_token(std::string_view secret);
  bool is_from_trusted_proxy() const;
  Refused unauthenticated(std::string_view message, std::string detail) const;
  void adopt(std::shared_ptr<const identity::Session> session);
  void tell_renewal_failed(std::string_view why);
  Refusal store_is_stale() const;
  Refusal check_revocation() const;
  Refusal decide();
  Refusal reserve_audit();
  Refusal reserve_audit_line();
  runtime::Task<void> forward();

  runtime::Task<void> answer_here();
  runtime::Task<void> answer_redirect();
  runtime::Task<void> answer_health();
  runtime::Task<void> answer_portal();
  runtime::Task<void> answer_portal_api();
  runtime::Task<void> answer_static();
  runtime::Task<void> answer_file(const files::File* file);
  runtime::Task<void> answer_from_desk(std::string_view below);
  runtime::Task<void> send(portal_api::ApiAnswer answer);
  bool is_public_api() const;
  std::optional<portal_api::Caller> caller() const;

  // Signing in and out (exchange_sign_in.cpp).
  runtime::Task<void> answer_sign_in();
  runtime::Task<void> begin_sign_in();
  runtime::Task<void> finish_sign_in();
  runtime::Task<void> refuse_sign_in(identity::SignInFailure why, std::string return_path);
  runtime::Task<void> sign_out();
  runtime::Task<void> back_channel_logout();
  runtime::Task<void> redirect_to(std::string to);
  runtime::Task<std::optional<std::string>> read_whole(std::size_t most);
  std::string on_public_host(const std::string& path) const;
  void add_cookies(http::Fields& fields) const;

  origin::Outgoing prepare();
  runtime::Task<std::expected<origin::Incoming, Refused>> send_signed(origin::Outgoing& outgoing);
  runtime::Task<std::expected<origin::Incoming, Refused>> send_plain(origin::Outgoing& outgoing);
  runtime::Task<void> relay(origin::Incoming incoming);
  runtime::Task<bool> relay_whole(origin::Incoming& incoming, std::string& begun);
  runtime::Task<bool> send_text(std::string_view text);
  runtime::Task<bool> relay_error(origin::Incoming& incoming, std::string& begun);
  runtime::Task<void> refuse(Refused refused);
  runtime::Task<void> refuse_method();
  std::string current_user() const;
  runtime::Task<void> answer_here_with(int status, std::string_view body);
  std::expected<origin::Incoming, Refused> sent(
      std::expected<origin::Incoming, origin::SendError> outcome);
  AnswerContext context() const;
  access::Subject subject() const;
  // By index in the configuration: whether the caller has anything on the app.
  std::vector<bool> visible_apps() const;
  // Whether somebody is to be held to account for the request.
  bool is_audited() const { return at_->site().config().identity.given; }
  void record();
  void record_audit();

  Worker& worker_;
  LoopSite::Pin at_;
  http::Request& request_;
  http::ByteSource& body_;
  http::Reply& reply_;

  const OwnHost* host_ = nullptr;
  Route route_;
  AppOnLoop* app_ = nullptr;
  std::shared_ptr<const identity::Person> person_;    // null: anonymous
  std::shared_ptr<const identity::Session> session_;  // when a browser's session says who asks
  std::shared_ptr<const state::Token> token_;         // when a token of ours says it
  identity::Means recognised_by_ = identity::Means::session;
  std::string_view means_;            // by what: for the audit log
  std::uint64_t store_version_ = 0;   // when they were recognised
  std::string_view actor_;            // who, when the answer alone tells it
  std::string_view rule_;             // what decided, for the audit log
  std::string_view audit_event_;      // what happened besides, for the audit log
  std::vector<std::string> cookies_;  // Set-Cookie values of the answer
  std::optional<watch::AuditLog::Place> audit_place_;
  std::array<char, 32> request_id_;
  watch::TraceParent trace_;
  watch::TraceParentText trace_text_;
  bool keeps_tracestate_ = false;
  std::string_view client_address_;
  std::string_view key_id_;  // of the keys that signed

  // What the access log will say.
  int status_ = 0;
  watch::Refusal refusal_ = watch::Refusal::none;
  watch::Outcome outcome_ = watch::Outcome::cancelled;
  runtime::Duration queue_{};
  runtime::Duration sign_{};
  runtime::Duration origin_{};
};

// Of a request that changes something and comes with a session, but without its CSRF token.
Refused no_csrf_token();

}  // namespace signet::gateway
