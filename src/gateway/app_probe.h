#pragma once

#include "gateway/worker.h"
#include "portal_api/probe.h"

namespace signet::gateway {

// The named internal read "version": GET /version at an app's origin, signed like any request of a
// client. For the home loop.
class AppProbe final : public portal_api::Probe {
 public:
  // Before the first probe: the home loop's worker.
  void attach(Worker& worker) { worker_ = &worker; }

  runtime::Task<portal_api::ProbeResult> probe(std::string app, runtime::Time deadline) override;

 private:
  Worker* worker_ = nullptr;
};

}  // namespace signet::gateway
