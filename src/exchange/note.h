// What each stage leaves in the record. Pure functions: stage output in, fields of Provenance out.
#pragma once

#include "exchange/exchange.h"

namespace baton::exchange {

void NotePermit(const rails::Permit& permit, record::Provenance& record);
void NoteFeatures(const route::Features& features, record::Provenance& record);
// Of none but these classes, as the request came.
bool KeepsVector(const std::set<rails::DataClass>& classes, const rails::Permit& permit);
// After NoteFeatures().
void NoteVector(const route::Features& features, record::Provenance& record);
// How fast workers were, for whoever weighs waiting.
void NotePace(const record::Provenance& record, const route::Rules& rules);
void NoteRoute(const route::Route& route, record::Provenance& record);
// What a whole answer's heading still lacks (a stream's was filled when its first event came).
void NoteHeading(const workflow::Trace& trace, Heading& heading);
// Moves the calls out of the trace.
void NoteTrace(workflow::Trace& trace, record::Provenance& record);
// What guards did to workers' texts.
void NoteGuards(const guard::Notes& notes, record::Provenance& record);
void NoteEmbedding(pool::Pool::EmbedOutcome& embedded, record::Provenance& record);

// The exchange was refused before anybody was called.
void NoteRefusal(const Error& error, record::Provenance& record);

}  // namespace baton::exchange
