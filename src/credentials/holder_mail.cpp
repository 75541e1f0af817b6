#include "credentials/holder_mail.h"

#include <string>
#include <utility>

#include "credentials/refresher.h"

namespace signet::credentials {

class HolderMail::Subscribe final : public runtime::Message {
 public:
  Subscribe(std::shared_ptr<Line> line, std::shared_ptr<Holder::Slot> slot)
      : line_(std::move(line)), slot_(std::move(slot)) {}
  void deliver() override {
    if (line_->refresher_ != nullptr) line_->refresher_->subscribe(std::move(slot_));
  }

 private:
  std::shared_ptr<Line> line_;
  std::shared_ptr<Holder::Slot> slot_;
};

class HolderMail::Unsubscribe final : public runtime::Message {
 public:
  Unsubscribe(std::shared_ptr<Line> line, std::shared_ptr<Holder::Slot> slot)
      : line_(std::move(line)), slot_(std::move(slot)) {}
  void deliver() override {
    if (line_->refresher_ != nullptr) line_->refresher_->unsubscribe(slot_.get());
  }

 private:
  std::shared_ptr<Line> line_;
  std::shared_ptr<Holder::Slot> slot_;
};

class HolderMail::Reject final : public runtime::Message {
 public:
  Reject(std::shared_ptr<Line> line, std::string_view key_id)
      : line_(std::move(line)), key_id_(key_id) {}
  void deliver() override {
    if (line_->refresher_ != nullptr) line_->refresher_->rejected(key_id_);
  }

 private:
  std::shared_ptr<Line> line_;
  std::string key_id_;
};

class HolderMail::Deliver final : public runtime::Message {
 public:
  Deliver(std::shared_ptr<Holder::Slot> slot, const Snapshot& snapshot)
      : slot_(std::move(slot)), snapshot_(snapshot) {}
  void deliver() override {
    if (slot_->holder != nullptr) slot_->holder->take(std::move(snapshot_));
  }

 private:
  std::shared_ptr<Holder::Slot> slot_;
  Snapshot snapshot_;
};

void HolderMail::subscribe(std::shared_ptr<Line> line, std::shared_ptr<Holder::Slot> slot) {
  runtime::EventLoop& home = line->home_;
  home.post(std::make_unique<Subscribe>(std::move(line), std::move(slot)));
}

void HolderMail::unsubscribe(std::shared_ptr<Line> line, std::shared_ptr<Holder::Slot> slot) {
  runtime::EventLoop& home = line->home_;
  home.post(std::make_unique<Unsubscribe>(std::move(line), std::move(slot)));
}

void HolderMail::reject(std::shared_ptr<Line> line, std::string_view key_id) {
  runtime::EventLoop& home = line->home_;
  home.post(std::make_unique<Reject>(std::move(line), key_id));
}

void HolderMail::deliver(std::shared_ptr<Holder::Slot> slot, const Snapshot& snapshot) {
  runtime::EventLoop& loop = slot->loop;
  loop.post(std::make_unique<Deliver>(std::move(slot), snapshot));
}

}  // namespace signet::credentials
