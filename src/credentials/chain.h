#pragma once

#include <memory>
#include <string>
#include <vector>

#include "credentials/observer.h"
#include "credentials/source.h"

namespace signet::credentials {

// The first source that is set up, in the order of the AWS SDK for C++
// (DefaultAWSCredentialsProviderChain). One that is set up but fails ends the search: the next one
// would be somebody else.
class Chain final : public Source {
 public:
  // `name` says whose keys these are, for the observer, which must outlive this.
  Chain(std::string name, std::vector<std::unique_ptr<Source>> sources, Observer& observer);
  runtime::Task<std::expected<Keys, SourceFailure>> load(runtime::Time deadline) override;
  std::string name() const override;

 private:
  std::string name_;
  std::vector<std::unique_ptr<Source>> sources_;
  Observer& observer_;
  const Source* chosen_ = nullptr;
};

}  // namespace signet::credentials
