// A record as bytes: what Submit() puts into the journal and the writer takes out. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "record/fields.h"
#include "record/provenance.h"

namespace baton::record {

// Writes to `out`, which has room for kMaxRecordBytes, and gives how many bytes. Texts beyond their limit are
// cut at a character and end in "…"; calls beyond kMaxCalls and steps beyond kMaxSteps are left out and
// counted in calls_cut.
std::size_t Encode(const Provenance& record, char* out);
// The same bytes, of a record that was decoded or read: what its digest is made over.
std::size_t Encode(const RecordView& record, char* out);
std::string Encode(const Provenance& record);

// kInvalidRequest when `bytes` is no record; `to` is then garbage but valid. A view points into `bytes`, and
// its vectors are reused.
Status Decode(std::string_view bytes, RecordView& to);
Status Decode(std::string_view bytes, Provenance& to);

}  // namespace baton::record
