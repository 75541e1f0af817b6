#pragma once

#include <memory>
#include <string_view>

#include "credentials/holder.h"
#include "credentials/snapshot.h"

namespace signet::credentials {

// What holders and refreshers tell each other, by the mailboxes of their loops. A message under way
// keeps line and slot alive; when the other end is gone on arrival, it does nothing.
class HolderMail {
 public:
  // To the refresher.
  static void subscribe(std::shared_ptr<Line> line, std::shared_ptr<Holder::Slot> slot);
  static void unsubscribe(std::shared_ptr<Line> line, std::shared_ptr<Holder::Slot> slot);
  static void reject(std::shared_ptr<Line> line, std::string_view key_id);
  // To the holder.
  static void deliver(std::shared_ptr<Holder::Slot> slot, const Snapshot& snapshot);

 private:
  class Subscribe;
  class Unsubscribe;
  class Reject;
  class Deliver;
};

}  // namespace signet::credentials
