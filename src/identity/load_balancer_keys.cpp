#include "identity/load_balancer_keys.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/call.h"
#include "runtime/race.h"

namespace signet::identity {

namespace {

constexpr std::size_t kMaxPemBytes = 4096;

// The key in an answer; or why there is none.
std::expected<crypto::PublicKey, std::string> read_key(const http::FetchAnswer& answer) {
  if (answer.status != 200) {
    return std::unexpected(fmt::format("the answer has status {}", answer.status));
  }
  if (answer.body.size() > kMaxPemBytes) return std::unexpected("the answer is too large");
  auto key = crypto::PublicKey::from_pem(answer.body);
  if (!key) return std::unexpected(std::string(describe(key.error())));
  if (key->type() != crypto::KeyType::p256) return std::unexpected("the key is not on P-256");
  return std::move(*key);
}

}  // namespace

const crypto::PublicKey* LoadBalancerKeyPage::find(std::string_view id) const {
  const auto found = std::ranges::find(entries, id, &Entry::id);
  return found == entries.end() ? nullptr : &found->key;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

// A new page on its way to another loop.
class LoadBalancerKeys::Update final : public runtime::Message {
 public:
  Update(LoadBalancerKeysView& view, std::shared_ptr<const LoadBalancerKeyPage> page)
      : view_(view), page_(std::move(page)) {}
  void deliver() override { view_.take(std::move(page_)); }

 private:
  LoadBalancerKeysView& view_;
  std::shared_ptr<const LoadBalancerKeyPage> page_;
};

LoadBalancerKeysView::LoadBalancerKeysView(LoadBalancerKeys& keys, runtime::EventLoop& loop)
    : keys_(keys), loop_(loop), page_(keys.page_) {
  keys.views_.push_back(this);
}

runtime::Task<bool> LoadBalancerKeysView::renew(std::string key_id, runtime::Time deadline) {
  // Nobody else's text leaves this loop, and none that could lead to another address.
  if (!is_uuid(key_id)) co_return false;
  LoadBalancerKeys& keys = keys_;
  runtime::Call<bool> call(loop_, keys.home_, keys.asked_, [&keys, key_id, deadline] {
    return LoadBalancerKeys::wanted(keys, key_id, deadline);
  });
  auto answer = call.result();
  // A page that was published there before is here already: messages keep their order.
  co_return co_await std::move(answer) && page_->find(key_id) != nullptr;
}

LoadBalancerKeys::LoadBalancerKeys(runtime::EventLoop& home, http::Fetcher& fetcher,
                                   LoadBalancerKeysObserver& observer,
                                   const LoadBalancerKeyRules& rules)
    : home_(home),
      fetcher_(fetcher),
      observer_(observer),
      rules_(rules),
      page_(std::make_shared<const LoadBalancerKeyPage>()),
      turns_(rules.burst, rules.each, home.now()),
      asked_(home),
      fetches_(home) {}

LoadBalancerKeys::~LoadBalancerKeys() {
  fetches_.cancel_all();
  asked_.cancel_all();
}

void LoadBalancerKeys::set_address(const std::optional<config::Url>& address) {
  if (address == address_) return;
  end_fetches();
  address_ = address;
  absent_.clear();
  publish({});
}

void LoadBalancerKeys::stop() {
  address_.reset();
  end_fetches();
}

void LoadBalancerKeys::end_fetches() {
  fetches_.cancel_all();
  under_way_.clear();
  arrived_.wake_all();
}

bool LoadBalancerKeys::is_absent(const std::string& key_id) {
  const auto found = absent_.find(key_id);
  if (found == absent_.end()) return false;
  if (home_.now() < found->second) return true;
  absent_.erase(found);
  return false;
}

void LoadBalancerKeys::remember_absent(std::string key_id, runtime::Duration how_long) {
  if (absent_.size() >= rules_.most_absent) {
    absent_.erase(
        std::ranges::min_element(absent_, {}, [](const auto& each) { return each.second; }));
  }
  absent_.insert_or_assign(std::move(key_id), runtime::after(home_.now(), how_long));
}

runtime::Task<bool> LoadBalancerKeys::wanted(LoadBalancerKeys& self, std::string key_id,
                                             runtime::Time deadline) {
  // Another loop may have asked meanwhile.
  if (self.page_->find(key_id) != nullptr) co_return true;
  if (!self.address_ || self.is_absent(key_id)) co_return false;
  if (std::ranges::find(self.under_way_, key_id) == self.under_way_.end()) {
    if (!self.turns_.take(self.home_.now())) co_return false;
    self.under_way_.push_back(key_id);
    self.fetches_.start(fetch(self, key_id));
  }
  while (std::ranges::find(self.under_way_, key_id) != self.under_way_.end()) {
    if (co_await self.arrived_.wait(self.home_, deadline) == runtime::Wake::timed_out) {
      co_return false;
    }
  }
  co_return self.page_->find(key_id) != nullptr;
}

runtime::Task<void> LoadBalancerKeys::fetch(LoadBalancerKeys& self, std::string key_id) {
  http::FetchRequest request;
  request.method = "GET";
  request.url = fmt::format("{}/{}", self.address_->text(), key_id);
  const runtime::Time deadline = runtime::after(self.home_.now(), self.rules_.deadline);
  auto fetching = self.fetcher_.fetch(std::move(request), deadline);
  auto fetched = co_await runtime::within(self.home_, deadline, std::move(fetching));
  // Storage answers "403" for what is not there.
  const bool absent = fetched && *fetched && (**fetched).status / 100 == 4;
  std::expected<crypto::PublicKey, std::string> key = std::unexpected("no answer in time");
  if (fetched && *fetched) key = read_key(**fetched);
  if (fetched && !*fetched) key = std::unexpected(fetched->error().detail);
  std::erase(self.under_way_, key_id);
  if (key) {
    self.add(key_id, std::move(*key));
    self.observer_.fetched(key_id);
  } else {
    self.remember_absent(key_id, absent ? self.rules_.absent_for : self.rules_.failed_for);
    self.observer_.failed(key_id,
                          fmt::format("{}/{}: {}", self.address_->text(), key_id, key.error()));
  }
  self.arrived_.wake_all();
}

void LoadBalancerKeys::add(std::string key_id, crypto::PublicKey key) {
  auto entries = page_->entries;
  if (entries.size() >= rules_.most_keys) entries.erase(entries.begin());
  entries.push_back({std::move(key_id), std::move(key)});
  publish(std::move(entries));
}

void LoadBalancerKeys::publish(std::vector<LoadBalancerKeyPage::Entry> entries) {
  auto page = std::make_shared<LoadBalancerKeyPage>();
  page->entries = std::move(entries);
  page->version = page_->version + 1;
  page_ = std::move(page);
  for (LoadBalancerKeysView* view : views_) {
    if (&view->loop_ == &home_) {
      view->take(page_);
    } else {
      view->loop_.post(std::make_unique<Update>(*view, page_));
    }
  }
}

}  // namespace signet::identity
