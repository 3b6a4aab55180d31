// Names against a resolver that answers when the test says so.
#include "net/name_finder.h"

#include <gtest/gtest.h>

#include "net/asio_loop.h"

namespace baton::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

Endpoint At(const char* address) {
  return Endpoint(asio::ip::make_address(address), 443);
}
const Origin kOrigin{true, "provider.example", 443};

struct Found {
  std::string error;
  std::vector<Endpoint> addresses;
  bool ended = false;
};

Task<void> RunFind(NameFinder* finder, Duration time, AsioLoop* loop, Cancel* cancel, Found* to) {
  const TimePoint until = loop->Now() + time;
  auto found = co_await finder->Find(kOrigin, until, Deadline(), cancel);
  to->ended = true;
  if (found) {
    to->addresses = *found;
  } else {
    to->error = found.error().Name();
  }
}

class NameFinderTest : public testing::Test {
 protected:
  NameFinderTest() : loop(clock), finder(loop, book, Lookup()) {}
  NameFinder::Lookup Lookup() {
    return [this](const Origin&, NameFinder::Answer answer) -> std::function<void()> {
      ++lookups;
      pending = std::move(answer);
      return [this] { ++given_up; };
    };
  }
  void Start(Found* to, NameFinder* with = nullptr, Cancel* cancel = nullptr, Duration time = hours(2)) {
    Spawn(RunFind(with ? with : &finder, time, &loop, cancel, to));
  }
  // Runs what is ready.
  void Turn() { loop.io().poll(); }
  void Answer(std::vector<Endpoint> addresses, asio::error_code error = {}) {
    pending(error, std::move(addresses));
    Turn();
  }

  SimClock clock;
  AsioLoop loop;
  std::shared_ptr<AddressBook> book = std::make_shared<AddressBook>();
  int lookups = 0, given_up = 0;
  NameFinder::Answer pending;
  NameFinder finder;
};

Task<void> RunFindOf(NameFinder* finder, const Origin* origin, AsioLoop* loop, Found* to) {
  auto found = co_await finder->Find(*origin, loop->Now() + hours(1), Deadline(), nullptr);
  to->ended = true;
  if (found) {
    to->addresses = *found;
  } else {
    to->error = found.error().Name();
  }
}

const asio::error_code kFailed = asio::error::make_error_code(asio::error::host_not_found);

TEST_F(NameFinderTest, ManyWaitForOneLookup) {
  Found all[20];
  for (Found& f : all) Start(&f);
  EXPECT_EQ(lookups, 1);
  Answer({At("192.0.2.1"), At("2001:db8::1"), At("192.0.2.2")});
  for (const Found& f : all) {
    EXPECT_EQ(f.addresses, (std::vector{At("192.0.2.1"), At("2001:db8::1"), At("192.0.2.2")}));
  }
  Found later;
  Start(&later);
  EXPECT_TRUE(later.ended) << "what was found is remembered";
  EXPECT_EQ(lookups, 1);
}

TEST_F(NameFinderTest, AnotherLoopReadsTheSameBook) {
  NameFinder other(loop, book, Lookup());
  Found first, second;
  Start(&first);
  Answer({At("192.0.2.1")});
  Start(&second, &other);
  EXPECT_EQ(second.addresses, first.addresses);
  EXPECT_EQ(lookups, 1);
}

TEST_F(NameFinderTest, ItIsAskedAgainAfterAWhile) {
  Found first, second;
  Start(&first);
  Answer({At("192.0.2.1")});
  clock.Advance(AddressBook::kRemember);
  Start(&second);
  EXPECT_EQ(lookups, 2);
  Answer({At("192.0.2.9")});
  EXPECT_EQ(second.addresses, std::vector{At("192.0.2.9")});
}

TEST_F(NameFinderTest, AFailingResolverDoesNotTakeKnownAddressesAway) {
  Found first, second, third;
  Start(&first);
  Answer({At("192.0.2.1")});
  clock.Advance(minutes(30));
  Start(&second);
  Answer({}, kFailed);
  EXPECT_EQ(second.addresses, first.addresses);
  clock.Advance(minutes(31));
  Start(&third);
  Answer({}, kFailed);
  EXPECT_EQ(third.error, "dns_failed") << "but not for ever";
}

TEST_F(NameFinderTest, FailuresAndEmptyAnswersAreErrorsAndNotRemembered) {
  Found first, second;
  Start(&first);
  Answer({}, kFailed);
  EXPECT_EQ(first.error, "dns_failed");
  Start(&second);
  Answer({});
  EXPECT_EQ(second.error, "dns_failed");
  EXPECT_EQ(lookups, 2);
}

TEST_F(NameFinderTest, OneWhoLeavesDoesNotDisturbTheOthers) {
  Cancel cancel;
  Found leaves, stays;
  Start(&leaves, nullptr, &cancel);
  Start(&stays);
  cancel.Fire(Cancel::Why::kClientGone);
  Turn();
  EXPECT_EQ(leaves.error, "cancelled");
  EXPECT_EQ(given_up, 0);
  Answer({At("192.0.2.1")});
  EXPECT_EQ(stays.addresses.size(), 1u);
}

TEST_F(NameFinderTest, WhenAllHaveLeftTheLookupIsGivenUpAndALateAnswerHurtsNobody) {
  Cancel cancel;
  Found leaves, later;
  Start(&leaves, nullptr, &cancel);
  cancel.Fire(Cancel::Why::kClientGone);
  Turn();
  EXPECT_EQ(given_up, 1);
  const auto late = pending;
  Start(&later);
  EXPECT_EQ(lookups, 2);
  late(kFailed, {});
  Answer({At("192.0.2.1")});
  EXPECT_EQ(later.addresses.size(), 1u);
}

TEST_F(NameFinderTest, ANameThatLeadsToMetadataIsRefusedHoweverItWasMeant) {
  Origin trusting = kOrigin, strict = kOrigin;
  strict.private_allowed = false;
  for (const Origin* origin : std::initializer_list<const Origin*>{&trusting, &strict}) {
    book = std::make_shared<AddressBook>();
    NameFinder fresh(loop, book, Lookup());
    Found found;
    Spawn(RunFindOf(&fresh, origin, &loop, &found));
    Answer({At("169.254.169.254"), At("::ffff:169.254.169.254")});
    EXPECT_EQ(found.error, "address_refused");
  }
}

TEST_F(NameFinderTest, ANameThatTurnsIntoAPrivateAddressIsRefusedWhereNoneIsDeclared) {
  Origin strict = kOrigin;
  strict.private_allowed = false;
  Found before, after, mixed, trusted;
  Spawn(RunFindOf(&finder, &strict, &loop, &before));
  Answer({At("192.0.2.1")});
  EXPECT_EQ(before.addresses.size(), 1u);
  clock.Advance(minutes(1));  // the attacker's name has a short life
  Spawn(RunFindOf(&finder, &strict, &loop, &after));
  Answer({At("127.0.0.1"), At("::1"), At("10.0.0.1")});
  EXPECT_EQ(after.error, "address_refused");
  // What is in the book was found for any origin and is judged for each.
  Spawn(RunFindOf(&finder, &kOrigin, &loop, &trusted));
  EXPECT_EQ(trusted.addresses.size(), 3u);
  clock.Advance(minutes(1));
  Spawn(RunFindOf(&finder, &strict, &loop, &mixed));
  Answer({At("127.0.0.1"), At("192.0.2.7")});
  EXPECT_EQ(mixed.addresses, std::vector{At("192.0.2.7")});
}

TEST_F(NameFinderTest, ALiteralAddressIsJudgedToo) {
  const Origin metadata{false, "169.254.169.254", 80};
  Origin loopback{false, "127.0.0.1", 80};
  loopback.private_allowed = false;
  for (const Origin* origin : std::initializer_list<const Origin*>{&metadata, &loopback}) {
    Found found;
    Spawn(RunFindOf(&finder, origin, &loop, &found));
    EXPECT_EQ(found.error, "address_refused");
  }
  EXPECT_EQ(lookups, 0);
}

TEST_F(NameFinderTest, AddressesAreBoundedAndLiteralsNeedNoLookup) {
  Found found;
  Start(&found);
  std::vector<Endpoint> many(50, At("192.0.2.1"));
  Answer(many);
  EXPECT_EQ(found.addresses.size(), 8u);
}

}  // namespace
}  // namespace baton::net
