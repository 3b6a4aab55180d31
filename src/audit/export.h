// A chain with its rows as JSON lines: for an archive, for an auditor without the store. docs/audit.md has
// the form.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "audit/verify.h"

namespace baton::audit {

struct ExportOptions {
  std::optional<Checkpoint> head;  // the newest one, for the last line
  // A row as people read it (one JSON object); may be empty.
  std::function<std::string(Kind, const std::string& canonical)> readable;
  std::function<void(std::int64_t rows)> progress;
};

// Writes everything the source gives. Errors of the source, or "disk_full" and "store_io" of `to`.
Status WriteExport(Source& source, const ExportOptions& options, std::FILE* to);

// True for a file that begins as an export does.
bool LooksLikeExport(const std::string& path);
// The source over an export's file, and (once it has been walked) the head that its last line bore. A line
// that is none ends the walk with an error "export_damaged" that names it.
class ExportSource : public Source {
 public:
  virtual const std::optional<Checkpoint>& head() const = 0;
  // The last line was there.
  virtual bool complete() const = 0;
};
Result<std::unique_ptr<ExportSource>> OpenExport(const std::string& path);

}  // namespace baton::audit
