// `baton export`: documents about a store and its configuration.

#include <fmt/format.h>

#include <cstdio>

#include "audit/vault.h"
#include "cli/age.h"
#include "cli/commands.h"
#include "config/config.h"
#include "record/chain_source.h"
#include "report/aibom.h"
#include "report/dataset.h"
#include "report/evidence.h"
#include "report/focus.h"
#include "serve/app.h"

namespace baton::cli {
namespace {

// Where the document goes: a file that is whole or not there, or standard output.
class Output {
 public:
  explicit Output(const std::string& path) : path_(path) {}
  ~Output() {
    if (file_ && file_ != stdout) {
      std::fclose(file_);
      std::remove(Unfinished().c_str());
    }
  }
  Output(const Output&) = delete;
  Status Open() {
    file_ = path_.empty() ? stdout : std::fopen(Unfinished().c_str(), "wb");
    if (file_) return {};
    return Fail(Code::kUnavailable, fmt::format("cannot write {}", path_), "store_cannot_open");
  }
  std::FILE* file() const { return file_; }
  Status Put(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), file_) == text.size()) return {};
    return Fail(Code::kUnavailable, fmt::format("cannot write {}", path_), "store_io");
  }
  Status Close() {
    if (file_ == stdout)
      return std::fflush(stdout) == 0 ? Status() : Fail(Code::kUnavailable, "cannot write", "store_io");
    const bool whole = std::fclose(std::exchange(file_, nullptr)) == 0 &&
                       std::rename(Unfinished().c_str(), path_.c_str()) == 0;
    return whole ? Status() : Fail(Code::kUnavailable, fmt::format("cannot write {}", path_), "store_io");
  }

 private:
  std::string Unfinished() const { return path_ + ".part"; }
  const std::string path_;
  std::FILE* file_ = nullptr;
};

struct Opened {
  std::optional<config::Config> config;
  std::string path;
  std::unique_ptr<record::Recorder> store;
  record::LogFilter filter;
};

Result<Opened> OpenAll(const ExportOptions& o) {
  Opened all;
  if (!o.config.empty()) {
    TRY(all.config, config::Load(o.config, config::ProcessEnv()));
  }
  all.path = !o.store.empty() ? o.store : all.config ? all.config->store_path : "baton.db";
  TRY(all.store, record::OpenReadOnly(all.path));
  if (!o.since.empty()) {
    TRY(const Duration age, ParseAge(o.since, "--since"));
    all.filter.since_unix_ns = SystemClock().UnixNanos() - age.count();
  }
  return all;
}

Status Aibom(const ExportOptions&, const Opened& all, Output& out) {
  if (!all.config)
    return Fail(Code::kInvalidRequest,
                "a bill of materials is of a configuration: name it with --config FILE");
  TRY(const auto measured, report::Measure(*all.store, all.filter));
  report::BomOptions options;
  options.version = serve::Version();
  options.at_unix_ns = SystemClock().UnixNanos();
  TRY(const std::string bom, report::Aibom(*all.config, measured, options));
  return out.Put(bom);
}

Status Focus(const ExportOptions& o, const Opened& all, Output& out) {
  report::FocusOptions options;
  if (!o.account.empty()) options.billing_account = o.account;
  options.config = all.config ? &*all.config : nullptr;
  TRY(options.corrections, record::ReadEvents(all.path, "cost_correction"));
  TRY(const auto totals, report::WriteFocus(*all.store, all.filter, options, out.file()));
  fmt::print(stderr, "{} rows, {} corrections", totals.rows, totals.corrections);
  if (totals.unpriced > 0)
    fmt::print(stderr, "; {} rows have an unknown price and are NOT free (x_Unpriced)", totals.unpriced);
  fmt::print(stderr, "\n");
  return {};
}

Status Evidence(const ExportOptions& o, const Opened& all, Output& out) {
  TRY(const auto measured, report::Measure(*all.store, all.filter));
  TRY(auto chain, record::OpenChainSource(all.path));
  const std::string digest = all.config ? all.config->digest : "-";
  const report::EvidenceInput in{measured, chain->counts() ? chain->counts()->events : 0,
                                 std::string(serve::Version()), digest, SystemClock().UnixNanos()};
  return out.Put(o.json ? report::EvidenceJson(in) : report::EvidenceHtml(in));
}

// The master key comes as in the configuration: env:NAME or file:PATH.
Result<std::unique_ptr<audit::Vault>> OpenVault(const ExportOptions& o, const Opened& all) {
  std::shared_ptr<const Secret> key = all.config ? all.config->master_key : nullptr;
  if (!o.master_key.empty()) {
    const auto env = config::ProcessEnv();
    const std::string_view text = o.master_key;
    if (text.starts_with("env:")) {
      key = std::make_shared<const Secret>(env.get(std::string(text.substr(4))).value_or(""));
    } else if (text.starts_with("file:")) {
      TRY(std::string content, env.read_file(std::string(text.substr(5))));
      key = std::make_shared<const Secret>(std::move(content));
    } else {
      return Fail(Code::kInvalidRequest, "--master-key is env:NAME or file:PATH, never the key itself");
    }
  }
  if (!key) return std::unique_ptr<audit::Vault>();
  return audit::Vault::Open(all.path + ".content_keys", *key);
}

Status Jsonl(const ExportOptions& o, const Opened& all, Output& out) {
  TRY(auto vault, OpenVault(o, all));
  report::DatasetOptions options;
  options.vault = vault.get();
  options.all = o.all;
  TRY(const auto t, report::WriteDataset(all.path, *all.store, options, out.file()));
  fmt::print(stderr,
             "{} rows; {} contents without feedback{}, {} sealed and no --master-key given, {} unreadable\n",
             t.rows, t.without_score, o.all ? "" : " left out (--all takes them)", t.sealed, t.unreadable);
  return {};
}

Status Run(const ExportOptions& o) {
  TRY(const Opened all, OpenAll(o));
  Output out(o.out);
  TRY_VOID(out.Open());
  if (o.what == "aibom") TRY_VOID(Aibom(o, all, out));
  if (o.what == "focus") TRY_VOID(Focus(o, all, out));
  if (o.what == "evidence") TRY_VOID(Evidence(o, all, out));
  if (o.what == "jsonl") TRY_VOID(Jsonl(o, all, out));
  return out.Close();
}

}  // namespace

int Export(const ExportOptions& o) {
  auto done = Run(o);
  return done ? 0 : Complain(done.error());
}

}  // namespace baton::cli
