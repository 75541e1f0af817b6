#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "identity/session.h"

namespace signet::identity {

// The sessions that one loop opened lately, by their sealed texts: a browser sends the same cookie
// with every request, and to open it takes ten times as long as to find it here. Only what opened
// is kept, so that nobody without a session can push another's out. Belongs to one thread.
class RecentSessions {
 public:
  // Nothing when it is not known. Takes the same time for every text of that length that has the
  // same end.
  std::shared_ptr<const Session> find(std::string_view sealed) const;
  // In the place of whichever other session had it. Texts of more than one cookie are not kept.
  void keep(std::string_view sealed, std::shared_ptr<const Session> session);

 private:
  struct Place {
    std::string sealed;
    std::shared_ptr<const Session> session;
  };

  std::vector<Place> places_;  // none before the first session
};

}  // namespace signet::identity
