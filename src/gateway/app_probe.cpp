#include "gateway/app_probe.h"

#include <optional>

#include "gateway/text.h"
#include "signing/payload_hash.h"

namespace signet::gateway {

using portal_api::ProbeResult;
using portal_api::Trouble;

namespace {

constexpr std::size_t kLongestVersion = 256;

Trouble trouble_of(const origin::SendError& error) {
  using Kind = origin::SendError::Kind;
  switch (error.kind) {
    case Kind::no_address: return Trouble::no_address;
    case Kind::cannot_connect: return Trouble::refused;
    case Kind::tls_failed: return Trouble::tls;
    case Kind::stamp_failed: return Trouble::cannot_sign;
    case Kind::bad_response: return Trouble::bad_answer;
    case Kind::queue_timed_out:
    case Kind::response_timed_out:
    case Kind::send_timed_out: return Trouble::timed_out;
    case Kind::lost:
    case Kind::unsendable:
    case Kind::request_body: break;
  }
  return Trouble::unreachable;
}

Trouble trouble_of(int status) {
  if (status == 401 || status == 403) return Trouble::denied;
  if (status >= 500) return Trouble::failing;
  // An MLflow that does not tell its version is there all the same.
  return status == 200 || status == 404 ? Trouble::none : Trouble::bad_answer;
}

}  // namespace

runtime::Task<ProbeResult> AppProbe::probe(std::string name, runtime::Time deadline) {
  LoopSite::Pin site(worker_->current());
  const config::App* config = site->site().config().app(name);
  if (config == nullptr) co_return ProbeResult{Trouble::bad_answer, {}};
  AppOnLoop& app = site->app(*config);

  runtime::Arena arena(worker_->loop.blocks());
  origin::Outgoing outgoing(arena);
  outgoing.method = "GET";
  outgoing.path = concat(arena, {config->endpoint.path, "/version"});
  outgoing.fields.add(http::FieldId::accept, "text/plain");
  if (config->kind == config::Kind::sagemaker_app) {
    outgoing.fields.add(signing::kAppArnHeader, config->arn);
  } else if (config->kind == config::Kind::sagemaker_tracking_server) {
    outgoing.fields.add(signing::kTrackingServerArnHeader, config->arn);
  } else if (!config->authorization.empty()) {
    outgoing.fields.add(http::FieldId::authorization, config->authorization.reveal());
  }

  std::optional<credentials::Pinned> keys;
  std::optional<SigningStamp> stamp;
  if (app.keys != nullptr) {
    auto got = co_await app.keys->get(deadline);
    if (!got) co_return ProbeResult{Trouble::cannot_sign, {}};
    keys.emplace(std::move(*got));
    stamp.emplace(worker_->signing_desk, **keys, app.how, app.origin.host(), signing::kEmptyPayload,
                  worker_->loop.clock());
  }
  auto outcome = co_await app.origin.send(outgoing, nullptr, stamp ? &*stamp : nullptr);
  if (!outcome) co_return ProbeResult{trouble_of(outcome.error()), {}};

  ProbeResult result;
  result.trouble = trouble_of(outcome->status());
  while (result.trouble == Trouble::none && outcome->status() == 200) {
    auto piece = co_await outcome->body().read(kLongestVersion);
    if (!piece || result.version.size() + piece->size() > kLongestVersion) {
      result.trouble = Trouble::bad_answer;
    } else if (piece->empty()) {
      break;
    } else {
      result.version += piece->view();
    }
  }
  co_return result;
}

}  // namespace signet::gateway
