#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "watch/metrics.h"
#include "watch/refusal.h"

namespace signet::watch {

// How an exchange ended.
enum class Outcome : std::uint8_t {
  answered,   // the origin's answer went out whole
  local,      // an answer of this program that is no refusal: a file, a redirect
  refused,    // with an x-signet-refusal
  cancelled,  // the client left first
  broken,     // the origin's answer broke off after its head had been passed on
};
inline constexpr std::array<std::string_view, 5> kOutcomeTexts{"answered", "local", "refused",
                                                               "cancelled", "broken"};

// Why a connection or request to an origin failed.
enum class OriginFailure : std::uint8_t { resolve, connect, tls, timeout, lost, bad_response };
inline constexpr std::array<std::string_view, 6> kOriginFailureTexts{
    "resolve", "connect", "tls", "timeout", "lost", "bad-response"};

// Why a client connection was closed before its client wished it, or was lost.
inline constexpr std::array<std::string_view, 5> kClosedTexts{"idle", "slow-head", "slow-body",
                                                              "stalled-send", "client-gone"};

// The series of one app, or of requests that belong to none (app="").
struct AppMetrics {
  // [status / 100 - 1][outcome]; a status of 0 (nothing was sent) is counted with 5xx.
  std::array<std::array<Counter, 5>, 5> requests;
  Histogram queue;   // waiting for a connection to the origin
  Histogram sign;    // hashing and signing
  Histogram origin;  // from the request's first byte to the answer's head
  Histogram total;   // from the request's first byte to the answer's last
  Counter bytes_in;
  Counter bytes_out;
  Counter origin_opened;
  Counter origin_reused;
  Counter origin_retried;
  std::array<Counter, 6> origin_failures;
  Gauge origin_open;
  Counter credentials_refreshed;
  Counter credentials_failed;
  Gauge credentials_expire;  // unix seconds; 0: not known

  Counter request(int status, Outcome outcome) const;
  Counter failure(OriginFailure kind) const {
    return origin_failures[static_cast<std::size_t>(kind)];
  }
};

// Every metric of the gateway that is not of one app. Values are handles: copy freely.
struct GatewayMetrics {
  explicit GatewayMetrics(Registry& registry);

  std::array<Counter, kRefusalTexts.size()> refusals;
  Gauge connections;  // open client connections
  Counter accepted;
  Counter connections_refused;  // closed at limits.connections or per address
  std::array<Counter, kClosedTexts.size()> connections_closed;
  Gauge exchanges;
  Gauge spool_bytes;
  Counter slow_turns;          // loop turns over 20 ms
  Counter dropped_log_lines;   // access lines that found the ring full
  Counter unaudited_refusals;  // refusals that found no room in the audit log
  Counter lost_log_lines;      // lines that a failing file or descriptor did not take
  Counter reloads;
  Counter reloads_refused;

  Counter refusal(Refusal reason) const { return refusals[static_cast<std::size_t>(reason)]; }
};

// Registers, or finds again, the series of an app.
AppMetrics app_metrics(Registry& registry, std::string_view app);

// signet_build_info{version,commit,compiler} 1
void register_build_info(Registry& registry, std::string_view version, std::string_view commit,
                         std::string_view compiler);

}  // namespace signet::watch
