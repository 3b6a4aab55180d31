// `baton audit`: check a store's chain or an export of it, write an export, show events, export the public
// key.

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "audit/event.h"
#include "audit/export.h"
#include "audit/head.h"
#include "cli/commands.h"
#include "cli/http.h"
#include "cli/text_layout.h"
#include "record/chain_source.h"
#include "record/readable.h"

namespace baton::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return Fail(Code::kNotFound, fmt::format("cannot read {}", path));
  return text.str();
}

// Said on stderr once two seconds have passed.
class Progress {
 public:
  explicit Progress(const char* doing) : doing_(doing), started_(SystemClock().Now()) {}
  void operator()(std::int64_t rows) {
    if (SystemClock().Now() - started_ < std::chrono::seconds(2)) return;
    shown_ = true;
    fmt::print(stderr, "\r{} {} links", doing_, rows);
  }
  ~Progress() {
    if (shown_) fmt::print(stderr, "\n");
  }
  double seconds() const { return std::chrono::duration<double>(SystemClock().Now() - started_).count(); }

 private:
  const char* doing_;
  const TimePoint started_;
  bool shown_ = false;
};

Result<audit::VerifyOptions> OptionsOf(const AuditOptions& o) {
  audit::VerifyOptions options;
  options.allow_gaps = o.allow_gaps;
  options.sealed = o.sealed;
  options.agrees = record::ReadableAgrees;
  for (const auto& file : o.keys) {
    TRY(const std::string text, ReadFile(file));
    TRY(const auto key, audit::ParsePublicKey(text));
    options.keys.push_back(key);
  }
  for (const auto& file : o.anchors) {
    TRY(const std::string text, ReadFile(file));
    TRY(const auto anchor, audit::ParseCheckpoint(text));
    options.anchors.push_back(anchor);
  }
  return options;
}

Json ToJson(const audit::Report& r, double seconds) {
  Json j{{"ok", r.ok()},
         {"first_link", r.first},
         {"last_link", r.last},
         {"exchanges", r.exchanges},
         {"events", r.events},
         {"feedback", r.feedback},
         {"contents", r.contents},
         {"expired", r.expired},
         {"erased", r.erased},
         {"not_covered", r.uncovered},
         {"checkpoints", r.checkpoints},
         {"unsigned_tail", r.unsigned_tail},
         {"keys", r.keys},
         {"keys_given", r.pinned},
         {"gaps", r.gaps},
         {"seconds", seconds},
         {"findings", Json::array()}};
  for (const auto& f : r.findings)
    j["findings"].push_back({{"name", f.name}, {"link", f.seq}, {"row", f.row}, {"what", f.what}});
  return j;
}

void Print(const audit::Report& r, double seconds) {
  for (const auto& f : r.findings) {
    fmt::print("{}: link {}{}{}: {}\n", f.name, f.seq, f.row.empty() ? "" : ", ", OneLine(f.row),
               OneLine(f.what));
  }
  fmt::print(
      "links {} to {}: {} exchanges, {} events, {} feedback, {} contents; {} expired, {} erased, {} not "
      "covered\n",
      r.first, r.last, r.exchanges, r.events, r.feedback, r.contents, r.expired, r.erased, r.uncovered);
  fmt::print("{} checkpoints", r.checkpoints);
  for (const auto& [key, n] : r.keys) fmt::print(", {} by key {}", n, key);
  fmt::print("; {} links at the end are not signed yet\n", r.unsigned_tail);
  if (!r.pinned)
    fmt::print("the keys are those found with the chain; name the one you trust with --key FILE\n");
  for (const auto& gap : r.gaps) fmt::print("gap at {}\n", OneLine(gap));
  const std::int64_t links = r.last - r.first + 1;
  fmt::print("{} in {:.1f} s ({:.0f} links/s)\n", r.ok() ? "verified" : "NOT verified", seconds,
             seconds > 0 ? static_cast<double>(links) / seconds : 0);
}

Result<audit::Report> VerifyStore(const std::string& path, audit::VerifyOptions options, bool no_head) {
  if (!no_head) {
    TRY(const auto head, audit::ReadHead(audit::HeadPath(path)));
    if (!head) {
      return Fail(
          Code::kNotFound,
          fmt::format("{} is missing: without it rows cut off at the end would not be noticed; bring it, or "
                      "say --no-head",
                      audit::HeadPath(path)),
          "audit_head_missing");
    }
    options.anchors.push_back(*head);
  }
  TRY(auto source, record::OpenChainSource(path));
  return audit::Verify(*source, options);
}

Result<audit::Report> VerifyExport(const std::string& path, const audit::VerifyOptions& options) {
  TRY(auto source, audit::OpenExport(path));
  TRY(audit::Report report, audit::Verify(*source, options));
  const auto& head = source->head();
  const std::int64_t next = report.last + 1;
  if (!source->complete())
    report.findings.push_back({"chain_truncated", next, "", "the export has no last line: it was cut off"});
  if (head && (!audit::Holds(*head) || head->store != source->store() || head->seq > report.last))
    report.findings.push_back(
        {"chain_truncated", next, "", "the export ends before what its own head vouches for"});
  return report;
}

}  // namespace

int AuditVerify(const AuditOptions& o) {
  auto options = OptionsOf(o);
  if (!options) return Complain(options.error());
  Progress progress("checked");
  options->progress = [&](std::int64_t rows) { progress(rows); };
  auto report = audit::LooksLikeExport(o.store) ? VerifyExport(o.store, *options)
                                                : VerifyStore(o.store, std::move(*options), o.no_head);
  if (!report) return Complain(report.error());
  if (o.json) {
    fmt::print("{}\n",
               ToJson(*report, progress.seconds()).dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    Print(*report, progress.seconds());
  }
  return report->ok() ? 0 : 1;
}

int AuditExport(const AuditOptions& o) {
  auto source = record::OpenChainSource(o.store);
  if (!source) return Complain(source.error());
  auto head = audit::ReadHead(audit::HeadPath(o.store));
  if (!head) return Complain(head.error());
  Progress progress("written");
  audit::ExportOptions options;
  options.head = *head;
  options.readable = record::Readable;
  options.progress = [&](std::int64_t rows) { progress(rows); };
  std::FILE* to = o.out.empty() ? stdout : std::fopen(o.out.c_str(), "wb");
  if (!to) return Complain(Fail(Code::kUnavailable, fmt::format("cannot write {}", o.out)));
  auto written = audit::WriteExport(**source, options, to);
  if (!o.out.empty() && std::fclose(to) != 0 && written)
    written = Fail(Code::kUnavailable, fmt::format("cannot write {}", o.out), "store_io");
  return written ? 0 : Complain(written.error());
}

int AuditKey(const AuditOptions& o) {
  auto head = audit::ReadHead(audit::HeadPath(o.store));
  if (!head) return Complain(head.error());
  if (!*head)
    return Complain(Fail(Code::kNotFound, "nothing was signed yet; start `baton serve` on this store once"));
  if (o.json) {
    fmt::print(
        "{}\n",
        Json{{"public", audit::Hex((*head)->key)}, {"fingerprint", audit::Fingerprint((*head)->key)}}.dump());
  } else {
    fmt::print("{}", audit::ToPem((*head)->key));
  }
  return 0;
}

int AuditHead(const AuditOptions& o) {
  auto head = audit::ReadHead(audit::HeadPath(o.store));
  if (!head) return Complain(head.error());
  if (!*head)
    return Complain(Fail(Code::kNotFound, "nothing was signed yet; start `baton serve` on this store once"));
  fmt::print("{}\n", audit::ToJson(**head));
  return 0;
}

int AuditErase(const AuditOptions& o) {
  Json body{{"by", o.by}};
  if (!o.tenant.empty()) body["tenant"] = o.tenant;
  if (!o.exchange.empty()) body["exchange"] = o.exchange;
  auto reply =
      Fetch(o.url, "POST", "/admin/erase", body.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!reply) return Complain(reply.error());
  if (reply->status != 200) return Complain(ErrorFromReply(*reply));
  fmt::print("{}\n", o.json ? reply->body : "erased");
  return 0;
}

int AuditEvents(const AuditOptions& o) {
  auto source = record::OpenChainSource(o.store);
  if (!source) return Complain(source.error());
  audit::Item item;
  for (;;) {
    auto more = (*source)->Next(item);
    if (!more) return Complain(more.error());
    if (!*more) return 0;
    if (item.link.kind != audit::Kind::kEvent || item.row != audit::Item::Row::kWhole) continue;
    auto event = audit::DecodeEvent(item.canonical);
    if (!event) continue;
    if (o.json) {
      fmt::print("{}\n", record::Readable(item.link.kind, item.canonical));
    } else {
      fmt::print("{:8} {} {:20} {:20} {} {}\n", item.link.seq, FormatTime(event->at_unix_ns),
                 OneLine(event->action), OneLine(event->actor), OneLine(event->target),
                 OneLine(event->detail));
    }
  }
}

}  // namespace baton::cli
