#include "net/name_finder.h"

#include <fmt/format.h>

#include "net/address_race.h"
#include "net/address_rule.h"

namespace baton::net {
namespace {

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, AsioLoop::Executor>;

NameFinder::Lookup SystemLookup(AsioLoop& loop) {
  return [&loop](const Origin& origin, NameFinder::Answer answer) -> std::function<void()> {
    const auto resolver = std::make_shared<Resolver>(loop.io());
    resolver->async_resolve(origin.host, std::to_string(origin.port),
                            [resolver, answer = std::move(answer)](const asio::error_code& error,
                                                                   const Resolver::results_type& results) {
                              std::vector<Endpoint> addresses;
                              for (const auto& r : results) addresses.push_back(r.endpoint());
                              answer(error, std::move(addresses));
                            });
    return [resolver] { resolver->cancel(); };
  };
}

Neighbourhood JudgeEndpoint(const Endpoint& at) {
  const auto address = at.address();
  if (address.is_v4()) return JudgeIpv4(address.to_v4().to_uint());
  return JudgeIpv6(address.to_v6().to_bytes());
}

// Those that this origin may lead to. The addresses that are judged are those that are connected to: a name
// that says something else a moment later changes nothing.
Result<std::vector<Endpoint>> Permitted(const Origin& origin, std::vector<Endpoint> addresses) {
  std::erase_if(addresses, [&](const Endpoint& at) {
    const Neighbourhood where = JudgeEndpoint(at);
    return where == Neighbourhood::kNever || (where == Neighbourhood::kPrivate && !origin.private_allowed);
  });
  if (!addresses.empty()) return addresses;
  return Fail(Code::kUnavailable,
              fmt::format("'{}' leads to an address where no worker may be: metadata, reserved, or private "
                          "without `private: true`",
                          origin.host),
              "address_refused");
}

}  // namespace

std::optional<AddressBook::Known> AddressBook::Find(const std::string& name, TimePoint now) const {
  MutexLock lock(m_);
  const auto at = entries_.find(name);
  if (at == entries_.end() || now - at->second.at > kLastResort) return std::nullopt;
  return Known{at->second.addresses, now - at->second.at < kRemember};
}

void AddressBook::Note(const std::string& name, std::vector<Endpoint> addresses, TimePoint now) {
  MutexLock lock(m_);
  if (entries_.size() >= kMaxNames) entries_.clear();
  entries_[name] = Entry{std::move(addresses), now};
}

// What a lookup and those who wait for it share; it may be answered after all of them have left.
struct NameFinder::Question : RefCounted {
  std::function<void()> give_up;
  std::vector<Signal*> waiting;
  bool answered = false;
  asio::error_code error;
  std::vector<Endpoint> addresses;
};

NameFinder::NameFinder(AsioLoop& loop, std::shared_ptr<AddressBook> book, Lookup lookup)
    : loop_(loop), book_(std::move(book)), lookup_(lookup ? std::move(lookup) : SystemLookup(loop)) {}

NameFinder::~NameFinder() = default;

Ref<NameFinder::Question> NameFinder::Ask(const Origin& origin, const std::string& name) {
  Ref<Question>& open = open_[name];
  if (open && !open->answered) return open;
  const Ref<Question> question(new Question);
  open = question;
  question->give_up = lookup_(origin, [question](const asio::error_code& error, std::vector<Endpoint> found) {
    question->answered = true;
    question->error = error;
    question->addresses = InTurns(found);
    if (question->addresses.size() > kMaxAddresses) question->addresses.resize(kMaxAddresses);
    for (Signal* s : question->waiting) s->Set();
  });
  return question;
}

Task<Result<std::vector<Endpoint>>> NameFinder::Find(const Origin& origin, TimePoint until, Deadline whole,
                                                     Cancel* cancel) {
  asio::error_code error;
  const auto address = asio::ip::make_address(origin.host, error);
  if (!error) co_return Permitted(origin, {Endpoint(address, origin.port)});
  const std::string name = fmt::format("{}:{}", origin.host, origin.port);
  const auto known = book_->Find(name, loop_.Now());
  if (known && known->fresh) co_return Permitted(origin, known->addresses);

  const Ref<Question> question = Ask(origin, name);
  Signal answer(loop_);
  if (!question->answered) {
    question->waiting.push_back(&answer);
    co_await answer.Wait(cancel, Deadline(until).Earlier(whole));
    std::erase(question->waiting, &answer);
  }
  const auto open = open_.find(name);
  const bool over = question->answered || question->waiting.empty();
  if (over && open != open_.end() && open->second.get() == question.get()) open_.erase(open);
  if (!question->answered) {
    if (question->waiting.empty()) question->give_up();
    co_return Impatience(cancel, whole, loop_.Now(), origin);
  }
  if (!question->error && !question->addresses.empty()) {
    book_->Note(name, question->addresses, loop_.Now());
    co_return Permitted(origin, question->addresses);
  }
  if (known) co_return Permitted(origin, known->addresses);
  co_return Fail(Code::kUnavailable,
                 fmt::format("cannot find the address of '{}': {}", origin.host, question->error.message()),
                 "dns_failed");
}

Error Impatience(Cancel* cancel, Deadline whole, TimePoint now, const Origin& origin) {
  if (cancel && cancel->fired())
    return Fail(Code::kCancelled, "cancelled: whoever asked has left", "cancelled");
  if (whole.Passed(now)) return Fail(Code::kDeadline, "the time for the whole request is over", "deadline");
  return Fail(Code::kUnavailable, fmt::format("no connection to {}:{} in time", origin.host, origin.port),
              "connect_timeout");
}

}  // namespace baton::net
