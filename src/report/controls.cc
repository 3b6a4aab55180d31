#include "report/controls.h"

namespace baton::report {
namespace {

constexpr std::string_view kOwasp = "OWASP LLM Top 10 2026", kRmf = "NIST AI RMF 1.0",
                           kGenAi = "NIST AI 600-1", kIso = "ISO/IEC 42001";

}  // namespace

const std::vector<Control>& Controls() {
  static const std::vector<Control> kControls = {
      {kOwasp, "LLM01", "Prompt injection",
       "Worker text is material between marks drawn for the run, never a plan or a permission: only rails "
       "make a Permit, "
       "and every call is checked against it at the moment of the call. A model's words can still mislead "
       "another "
       "model; what it may reach does not change.",
       "src/rails/rails.h src/workflow/step_request.cc src/workflow/plan_check.cc",
       "src/route/rules_test.cc:RulesProperty.NoRouteLeavesThePermit "
       "src/route/rules_test.cc:RulesTest.TheEscapeHatchDoesNotEscapeThePermit",
       "refused exchanges"},
      {kOwasp, "LLM02", "Sensitive information disclosure",
       "Text is classified before any worker is chosen; a worker that may not see a class is out. Records "
       "hold no content "
       "unless the configuration says so, by class; keys cannot be printed. Recall of the detectors is "
       "measured, not "
       "complete (docs/data_classes.md).",
       "src/rails/classifier.cc src/rails/redact.cc src/base/secret.h src/exchange/keep.cc",
       "src/rails/rails_test.cc:RailsTest.AWorkerMustBeAllowedEveryClassFound "
       "src/exchange/exchange_test.cc:ExchangeTest.PersonalDataNeverReachesAWorkerThatMayNotSeeIt "
       "test/integration/test_audit.py:test_nothing_of_the_content_is_kept_unless_it_is_asked_for",
       "classes policy_violations"},
      {kOwasp, "LLM03", "Excessive agency",
       "Tools and workers of a step are those its plan names, within the Permit; tool workers are never "
       "chosen by a route; "
       "people can be put before an answer.",
       "src/workflow/plan_check.cc src/mcp/session.cc src/human/desk.cc",
       "test/integration/test_tools.py:test_tools_that_are_not_allowed_are_neither_seen_nor_called "
       "test/integration/test_tools.py:test_no_route_ever_chooses_a_tool_worker",
       "cases"},
      {kOwasp, "LLM04", "Supply chain",
       "Dependencies and models are pinned by hash; a model file with another hash is refused; the AI bill "
       "of materials "
       "lists what answers.",
       "src/lm/pull.cc src/lm/manifest.cc src/report/aibom.cc",
       "src/lm/pull_test.cc:Pulling.AForgedPieceIsRefusedAndNothingAppears "
       "test/integration/test_cli_errors.py:test_a_model_file_with_a_wrong_hash",
       ""},
      {kOwasp, "LLM05", "Data and model poisoning",
       "Feedback is joined to a recorded exchange of the same tenant, bounded per exchange and repeat-proof; "
       "the record of "
       "what a policy learns from is chained.",
       "src/api/feedback.cc src/record/ledger.cc",
       "src/record/audit_test.cc:AuditTest.AnExchangeTakesOnlySoMuchFeedback "
       "test/integration/test_feedback.py:test_a_repeat_is_the_same_feedback_and_a_change_of_mind_another",
       "feedback"},
      {kOwasp, "LLM06", "Unbounded consumption",
       "The worst case of everything that must run is reserved before the first step; plans are finite; "
       "steps, time and "
       "tokens have ceilings that callers can only lower.",
       "src/budget/lease.cc src/workflow/execution_money.cc src/workflow/plan.h",
       "src/budget/lease_test.cc:Lease.NoTreeOfPartsPaysMoreThanTheCeilingWhateverIsClaimed "
       "test/integration/"
       "test_workflows.py:test_a_ceiling_too_small_for_the_team_is_refused_before_anybody_is_asked",
       "cost over_budget"},
      {kOwasp, "LLM07", "Misinformation",
       "Verifiers with measured error rates check answers; a contract's answer is checked before it leaves; "
       "what is not "
       "what was wanted is marked as degraded.",
       "src/verify/verifier.h src/workflow/contract.cc",
       "test/integration/test_contracts.py:test_what_cannot_be_repaired_never_leaves "
       "test/integration/test_contracts.py:test_the_quality_bar_is_checked_beside_the_form",
       "accepted degraded contract_broken"},
      {kOwasp, "LLM08", "Hidden context exposure",
       "A step sees the conversation and the outputs it names, nothing else; errors and records repeat no "
       "content.",
       "src/workflow/step_request.cc src/api/error_reply.cc",
       "src/rails/rails_test.cc:RailsTest.TheRefusalNamesTypesButNeverContent "
       "test/integration/test_bad_input.py:test_a_model_name_of_a_megabyte_is_not_echoed",
       ""},
      {kOwasp, "LLM09", "Vector and embedding weaknesses",
       "Texts to be embedded are screened like messages; vectors of different models are never mixed. Baton "
       "keeps no "
       "vector store.",
       "src/rails/rails.cc src/route/rules.cc",
       "src/rails/rails_test.cc:RailsTest.EmbeddingTextsAreScreenedLikeMessages", ""},
      {kOwasp, "LLM10", "Improper output handling",
       "Output schemas are checked; text shown on terminals and in reports is made harmless.",
       "src/verify/json_schema.cc src/cli/text_layout.cc src/report/words.cc",
       "test/integration/test_contracts.py:test_a_stream_under_a_contract_holds_only_what_was_accepted "
       "src/report/report_test.cc:Html.WhatCallersSayIsTextAndNoMarkup",
       "contracts"},

      {kRmf, "GOVERN 1.4", "Processes and their outcomes are transparent and documented",
       "One configuration file is the policy; its digest stands in every record; reloads and admin actions "
       "are in the "
       "chain. Who owns which rule is the operator's to write down.",
       "src/config/config.h src/serve/app.cc src/audit/chain.h",
       "test/integration/test_audit.py:test_a_stopped_servers_store_verifies_and_names_who_did_what "
       "src/record/tamper_test.cc:TamperTest.EachCaseIsFoundAtItsFirstBadRow",
       "events"},
      {kRmf, "MAP 4.1", "Risks of third-party components are mapped",
       "Workers carry region, retention, training and classes; the bill of materials is generated from them.",
       "src/report/aibom.cc src/pool/worker.h",
       "test/integration/test_exports.py:test_the_bill_of_materials_is_valid_cyclonedx", ""},
      {kRmf, "MEASURE 2.5", "The system is demonstrated to be valid and reliable",
       "Measured shares and means per worker, task and contract with 95 % intervals and n, from this store.",
       "src/report/measured.cc src/report/intervals.cc",
       "src/report/report_test.cc:Wilson.AgreesWithPublishedValues", "exchanges accepted"},
      {kRmf, "MEASURE 2.7", "Security and resilience are evaluated and documented",
       "Failing workers are left alone and probed; a killed process loses no completed record; changed "
       "stores are found.",
       "src/pool/health.cc src/record/journal.cc src/audit/verify.cc",
       "test/integration/test_crash.py:test_no_completed_exchange_is_lost_over_twenty_kills "
       "test/integration/test_faults.py:test_a_failing_worker_is_left_alone_after_a_while",
       "answered"},
      {kRmf, "MANAGE 2.4", "Mechanisms exist to supersede, disengage or deactivate",
       "A worker is named directly, left out, or replaced by a reload without losing a request; people can "
       "decide.",
       "src/serve/app.cc src/human/desk.cc",
       "test/integration/test_reload.py:test_fifty_reloads_under_load_lose_no_request "
       "test/integration/test_human.py:test_a_persons_answer_reaches_the_client_as_a_completion",
       "cases"},
      {kRmf, "MANAGE 4.1", "Post-deployment monitoring, feedback and incident response",
       "Every exchange is recorded with route, reason and calls; feedback may come late; the log is exported "
       "for incidents.",
       "src/record/recorder.h src/api/feedback.cc src/audit/export.cc",
       "test/integration/test_feedback.py:test_feedback_is_shown_with_its_exchange "
       "test/integration/test_audit.py:test_an_export_verifies_without_the_store_and_gives_changes_away",
       "exchanges feedback"},

      {kGenAi, "Data privacy", "Leakage and unauthorised use of personal data",
       "Classes per worker, redaction, content kept by class and sealed, erasure that destroys the key.",
       "src/rails/rails.cc src/audit/vault.cc",
       "src/audit/vault_test.cc:VaultTest.ErasureLeavesNothingToOpenItWithAndTheTenantGoesOnWithANewKey",
       "classes"},
      {kGenAi, "Information integrity", "Content provenance",
       "Which workers saw which step, and a keyed digest of what was asked, in a signed chain.",
       "src/record/provenance.h src/exchange/keep.cc src/audit/checkpoint.h",
       "src/audit/export_test.cc:Checkpoints.SignatureCoversEveryField", "digests"},
      {kGenAi, "Value chain and component integration", "Third-party models and services",
       "Bill of materials with hashes; a worker's faults are told from the client's.",
       "src/report/aibom.cc src/pool/decide.cc",
       "test/integration/test_faults.py:test_our_own_wrong_key_is_not_the_clients_fault", "answered"},
      {kGenAi, "Confabulation", "Confidently wrong output",
       "Verifiers, agreement between answers, contracts with a quality bar; error rates are measured.",
       "src/verify/agreement.cc src/workflow/contract.cc",
       "test/integration/test_contracts.py:test_a_bad_answer_is_repaired_with_the_objection_in_sight",
       "accepted"},

      {kIso, "A.6.2.6", "Operation and monitoring of the AI system", "Metrics, records, health of workers.",
       "src/base/metric.h src/pool/health.cc",
       "test/integration/test_surface.py:test_health_readiness_and_metrics", "exchanges answered"},
      {kIso, "A.6.2.8", "Recording of event logs",
       "Decisions and admin actions in a hash-chained log with signed checkpoints, verifiable offline; "
       "retention cuts at a "
       "checkpoint.",
       "src/record/ledger.cc src/audit/verify.cc",
       "src/record/audit_test.cc:AuditTest.RetentionCutsTheChainAtACheckpointAndItStaysVerifiable "
       "src/record/tamper_test.cc:TamperTest.UntouchedStoreIsInOrderWhateverTheCheckerHas",
       "events exchanges"},
      {kIso, "A.7.5", "Data provenance",
       "Feedback and outcomes are joined to the exchange and policy they are about.", "src/record/feedback.h",
       "src/record/audit_test.cc:AuditTest.FeedbackIsJoinedToItsExchangeAndARepeatChangesNothing",
       "feedback"},
      {kIso, "A.8.4", "Communication of incidents",
       "Errors say what happened and whether a retry helps; the export holds what an investigation needs.",
       "src/api/error_reply.cc src/audit/export.cc",
       "src/api/error_reply_test.cc:ErrorReply.HopelessErrorsTellSdksNotToRetry", "refused"},
      {kIso, "A.10.3", "Suppliers",
       "Data handling of each supplier is a property of its worker and a condition of being asked.",
       "src/pool/worker.h src/rails/rails.cc",
       "src/rails/rails_test.cc:RailsTest.PersonalDataLeavesOnlyWorkersThatMaySeeIt", "classes"},
  };
  return kControls;
}

}  // namespace baton::report
