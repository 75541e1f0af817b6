#include "credentials/chain.h"

#include <utility>

#include <fmt/core.h>

namespace signet::credentials {

Chain::Chain(std::string name, std::vector<std::unique_ptr<Source>> sources, Observer& observer)
    : name_(std::move(name)), sources_(std::move(sources)), observer_(observer) {}

std::string Chain::name() const {
  std::string names;
  for (const auto& source : sources_) {
    if (!names.empty()) names += ", ";
    names += source->name();
  }
  return names;
}

runtime::Task<std::expected<Keys, SourceFailure>> Chain::load(runtime::Time deadline) {
  std::string passed_over;
  for (const auto& source : sources_) {
    auto loading = source->load(deadline);
    auto keys = co_await std::move(loading);
    if (keys || keys.error().cause != Cause::nothing_here) {
      if (keys && chosen_ != source.get()) {
        chosen_ = source.get();
        observer_.chose(name_, source->name(), passed_over);
      }
      co_return keys;
    }
    if (!passed_over.empty()) passed_over += "; ";
    passed_over += keys.error().reason;
  }
  co_return std::unexpected(
      SourceFailure(Cause::nothing_here, fmt::format("no AWS keys are set up: {}", passed_over)));
}

}  // namespace signet::credentials
