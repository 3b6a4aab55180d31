// Words that tell what kind of work is asked for.

#include "text/lexicon_rows.h"

namespace baton::text {
namespace {

constexpr Row kRows[] = {
    // ---- tasks
    {kTask, I(Task::kCode), 4,
     "python javascript typescript golang c++ c# kotlin powershell dockerfile kubernetes numpy pandas "
     "pytorch django "
     "flask nodejs pytest unittest refactor regex leetcode codebase webpack haskell scala perl vba cmake "
     "makefile "
     "tensorflow pyspark laravel mongodb postgresql mysql sqlite fastapi selenium javafx opengl vulkan "
     "assembly"},
    {kTask, I(Task::kCode), 3,
     "code coding debug compile compiler function_to function_that python_function python_script a_program "
     "write_code source_code stack_trace unit_test unit_tests the_code this_code my_code rust java swift php "
     "ruby html "
     "css sql bash react angular programm quellcode programmcode funktion_die fonction_qui programme_qui "
     "codigo "
     "c\xc3\xb3"
     "digo codice_che shell_script a_script linked_list binary_tree pull_request git api_endpoint"},
    {kTask, I(Task::kCode), 2,
     "bug bugs implement implementation script program algorithm exception runtime syntax repository github "
     "docker "
     "backend frontend database_schema boolean stdout stdin readme javascript dataframe async await "
     "recursion "
     "recursive parser iterator library framework deploy backend websocket thread threads mutex plugin "
     "endpoint"},
    {kTask, I(Task::kCode), 1,
     "function class method array string variable api loop server json yaml query app list_of input output"},

    {kTask, I(Task::kMaths), 4,
     "equation equations integral derivative theorem polynomial divisible congruent hypotenuse perpendicular "
     "quadratic eigenvalue eigenvalues trigonometric logarithm arithmetic isosceles equilateral frac sqrt "
     "cdot"},
    {kTask, I(Task::kMaths), 3,
     "prove algebra calculus geometry remainder how_many how_much square_root positive_integer "
     "positive_integers "
     "real_numbers prime_numbers real_number sum_of product_of difference_between percent_of gleichung "
     "beweise "
     "berechne wie_viele combien calcule cu\xc3\xa1ntos cu\xc3\xa1ntas calcula quanti calcola hoeveel "
     "bereken "
     "value_of radius circumference vertices coefficient coefficients mathbb"},
    {kTask, I(Task::kMaths), 2,
     "solve calculate compute probability triangle matrix integer integers prime fraction digits circle "
     "angle "
     "ratio multiply divided twice times_as altogether total_number in_total in_all each_day per_hour "
     "per_week "
     "average half_of as_many left_over remaining percent vector permutations inequality"},
    {kTask, I(Task::kMaths), 1,
     "find_the number_of total each sum product cost costs hours minutes evaluate simplify simplest"},

    {kTask, I(Task::kExtraction), 5,
     "extract extrahiere extrahieren extraire extrais extrae extraer estrai extraia named_entities"},
    {kTask, I(Task::kExtraction), 3,
     "extracting extraction pull_out list_all identify_all following_fields key_value entities find_all "
     "structured_data parse_the the_names the_dates alle_namen"},
    {kTask, I(Task::kExtraction), 2,
     "fields invoice_number csv_format table_format in_json as_json json_format classify label"},

    {kTask, I(Task::kSummarisation), 6,
     "summarize summarise summarizing summarising tldr zusammenfassen zusammenfassung r\xc3\xa9sume "
     "r\xc3\xa9sumer "
     "r\xc3\xa9sumez resumir riassumi riassumere riassunto resuma samenvatten samenvatting vat_samen"},
    {kTask, I(Task::kSummarisation), 4,
     "summary condense key_points main_points key_takeaways main_ideas fasse resumen resumo brief_overview "
     "tl_dr "
     "r\xc3\xa9sum\xc3\xa9_de executive_summary shorten"},

    {kTask, I(Task::kTranslation), 6,
     "translate translating \xc3\xbc"
     "bersetze \xc3\xbc"
     "bersetzen \xc3\xbc"
     "bersetzung traduis traduire traduisez "
     "traduce traducir traduci tradurre traduza traduzir vertaal vertalen przet\xc5\x82umacz "
     "\xc3\xb6vers\xc3\xa4tt"},
    {kTask, I(Task::kTranslation), 4,
     "translation into_english into_french into_german into_spanish into_italian into_portuguese into_dutch "
     "into_japanese into_chinese into_russian into_korean to_french to_german to_spanish to_italian "
     "ins_deutsche "
     "ins_englische auf_englisch en_anglais en_fran\xc3\xa7"
     "ais al_espa\xc3\xb1ol al_ingl\xc3\xa9s in_inglese"},

    {kTask, I(Task::kSupport), 4,
     "refund reimbursement my_card my_account my_order my_payment my_transfer customer_service "
     "support_ticket "
     "my_subscription my_booking my_reservation my_delivery my_bill my_top my_cash my_statement my_pin "
     "my_balance "
     "new_card r\xc3\xbc"
     "ckerstattung erstattung remboursement reembolso rimborso terugbetaling mein_konto "
     "mon_compte mi_cuenta mein_paket"},
    {kTask, I(Task::kSupport), 3,
     "atm topup top_up direct_debit exchange_rate charged_twice was_charged been_charged get_a not_working "
     "hasn_t didn_t won_t card_payment the_app still_pending verify_my change_my reset_my activate_my "
     "cancel_my "
     "track_my lost_my close_my disposable virtual_card declined mastercard visa contactless"},
    {kTask, I(Task::kSupport), 2,
     "cancel subscription payment delivery shipping warranty charged withdrawal withdraw deposit passcode "
     "transfer pending account identity verification customer complaint order booking card cards purchase "
     "fee fees"},

    {kTask, I(Task::kResearch), 4,
     "cite citations citation literature_review bibliography peer_reviewed state_of_the recent_studies"},
    {kTask, I(Task::kResearch), 3,
     "sources studies research papers latest_research scientific_evidence references survey_of"},
    {kTask, I(Task::kResearch), 1, "evidence paper study journal authors findings history_of latest recent"},

    {kTask, I(Task::kCreative), 5,
     "poem poems haiku limerick sonnet lyrics screenplay short_story roleplay gedicht po\xc3\xa8me poema "
     "poesia "
     "gedichte gedicht kurzgeschichte fanfiction fanfic"},
    {kTask, I(Task::kCreative), 4,
     "story novel fiction blog_post slogan tagline joke jokes creative_writing the_style style_of villain "
     "protagonist "
     "geschichte histoire_courte cuento racconto conto verhaal chapter pretend backstory worldbuilding "
     "erz\xc3\xa4hlung"},
    {kTask, I(Task::kCreative), 3,
     "song creative fantasy narrative narrator compose essay scene dialogue monologue imagine_you act_as "
     "you_are_now "
     "rhyme rhyming write_me poetic parody humorous funny whimsical witty headline product_description "
     "persona lore"},
    {kTask, I(Task::kCreative), 2,
     "character characters imagine plot episode anime crossover write_a rewrite speech letter_to invitation "
     "sci_fi dragon wizard"},

    {kTask, I(Task::kAnalysis), 4,
     "analyze analyse analysis compare_and pros_and advantages_and critique swot implications strengths_and "
     "analysiere vergleiche analyser comparer analiza compara analizza confronta"},
    {kTask, I(Task::kAnalysis), 3,
     "compare comparison contrast evaluate_the assess interpret trends tradeoffs trade_offs discuss "
     "differences "
     "what_are_the root_cause advantages disadvantages impact_of effects_of significance"},
    {kTask, I(Task::kAnalysis), 1,
     "explain why difference factors describe reason reasons argument premises conclusion"},

    {kTask, I(Task::kAgentic), 4,
     "use_the_tool step_by_step_plan browse_the book_a search_the open_the_browser call_the"},
    {kTask, I(Task::kAgentic), 2,
     "schedule book browse reserve send_an create_a_ticket workflow automate remind"},

    {kTask, I(Task::kChat), 3,
     "hello hi hey thanks good_morning how_are hallo danke bonjour merci hola gracias ciao grazie ol\xc3\xa1 "
     "obrigado"},
    {kTask, I(Task::kChat), 1, "who what when where which capital_of recommend advice tell_me"},

    // ---- scripts without spaces go by pairs of characters; Cyrillic by the forms people ask in
    {kTask, I(Task::kCode), 4,
     "\xe4\xbb\xa3\xe7\xa0\x81 \xe5\x87\xbd\xe6\x95\xb0 \xe7\xa8\x8b\xe5\xba\x8f \xe7\xbc\x96\xe7\xa8\x8b "
     "\xe8\x84\x9a\xe6\x9c\xac \xe3\x82\xb3\xe3\x83\xbc\xe3\x83\x89 \xe3\x83\x97\xe3\x83\xad\xe3\x82\xb0 "
     "\xe9\x96\xa2\xe6\x95\xb0 \xd0\xba\xd0\xbe\xd0\xb4 \xd1\x81\xd0\xba\xd1\x80\xd0\xb8\xd0\xbf\xd1\x82 "
     "\xd0\xbf\xd1\x80\xd0\xbe\xd0\xb3\xd1\x80\xd0\xb0\xd0\xbc\xd0\xbc\xd1\x83 "
     "\xd0\xbf\xd1\x80\xd0\xbe\xd0\xb3\xd1\x80\xd0\xb0\xd0\xbc\xd0\xbc\xd0\xb0 "
     "\xd1\x84\xd1\x83\xd0\xbd\xd0\xba\xd1\x86\xd0\xb8\xd1\x8e "
     "\xd1\x84\xd1\x83\xd0\xbd\xd0\xba\xd1\x86\xd0\xb8\xd1\x8f \xd0\xba\xd0\xbe\xd0\xb4_\xd0\xbd\xd0\xb0 "
     "\xec\xbd\x94\xeb\x93\x9c \xed\x95\xa8\xec\x88\x98\xeb\xa5\xbc"},
    {kTask, I(Task::kMaths), 4,
     "\xe8\xaf\x81\xe6\x98\x8e \xe8\xae\xa1\xe7\xae\x97 \xe6\x96\xb9\xe7\xa8\x8b \xe7\xa7\xaf\xe5\x88\x86 "
     "\xe6\xa6\x82\xe7\x8e\x87 \xe6\xb1\x82\xe8\xa7\xa3 \xe5\x85\xac\xe5\x80\x8d \xe7\xa2\xba\xe7\x8e\x87 "
     "\xe8\xa8\x88\xe7\xae\x97 \xe8\xa8\xbc\xe6\x98\x8e \xe6\x96\xb9\xe7\xa8\x8b\xe5\xbc\x8f "
     "\xd0\xb7\xd0\xb0\xd0\xb4\xd0\xb0\xd1\x87\xd0\xb0 "
     "\xd0\xb4\xd0\xbe\xd0\xba\xd0\xb0\xd0\xb6\xd0\xb8\xd1\x82\xd0\xb5 "
     "\xd0\xb4\xd0\xbe\xd0\xba\xd0\xb0\xd0\xb7\xd0\xb0\xd1\x82\xd1\x8c "
     "\xd0\xb2\xd1\x8b\xd1\x87\xd0\xb8\xd1\x81\xd0\xbb\xd0\xb8\xd1\x82\xd0\xb5 "
     "\xd0\xb2\xd1\x8b\xd1\x87\xd0\xb8\xd1\x81\xd0\xbb\xd0\xb8\xd1\x82\xd1\x8c "
     "\xd0\xbd\xd0\xb0\xd0\xb9\xd0\xb4\xd0\xb8\xd1\x82\xd0\xb5 "
     "\xd1\x83\xd1\x80\xd0\xb0\xd0\xb2\xd0\xbd\xd0\xb5\xd0\xbd\xd0\xb8\xd0\xb5 "
     "\xd0\xb2\xd0\xb5\xd1\x80\xd0\xbe\xd1\x8f\xd1\x82\xd0\xbd\xd0\xbe\xd1\x81\xd1\x82\xd1\x8c "
     "\xd0\xbe\xd0\xbf\xd1\x80\xd0\xb5\xd0\xb4\xd0\xb5\xd0\xbb\xd0\xb8\xd1\x82\xd0\xb5 "
     "\xea\xb3\x84\xec\x82\xb0 \xec\xa6\x9d\xeb\xaa\x85 \xed\x99\x95\xeb\xa5\xa0"},
    {kTask, I(Task::kCreative), 4,
     "\xe5\xb0\x8f\xe8\xaf\xb4 \xe6\x95\x85\xe4\xba\x8b \xe5\x89\xa7\xe6\x9c\xac \xe5\x86\x99\xe4\xb8\x80 "
     "\xe4\xbd\x9c\xe6\x96\x87 \xe8\xaf\x97\xe6\xad\x8c \xe6\xad\x8c\xe8\xaf\x8d \xe6\x96\x87\xe6\xa1\x88 "
     "\xe5\xb0\x8f\xe8\xaa\xac \xe7\x89\xa9\xe8\xaa\x9e \xe5\x8a\x87\xe6\x9c\xac \xe6\x95\x85\xe4\xba\x8b "
     "\xe8\x84\x9a\xe6\x9c\xac\xe3\x82\x92 \xe6\xad\x8c\xe8\xa9\x9e \xd0\xbf\xd0\xb5\xd1\x81\xd0\xbd\xd1\x8e "
     "\xd0\xbf\xd0\xb5\xd1\x81\xd0\xbd\xd1\x8f \xd1\x81\xd1\x82\xd0\xb8\xd1\x85 "
     "\xd1\x81\xd1\x82\xd0\xb8\xd1\x85\xd0\xbe\xd1\x82\xd0\xb2\xd0\xbe\xd1\x80\xd0\xb5\xd0\xbd\xd0\xb8\xd0"
     "\xb5 \xd1\x80\xd0\xb0\xd1\x81\xd1\x81\xd0\xba\xd0\xb0\xd0\xb7 "
     "\xd1\x81\xd1\x86\xd0\xb5\xd0\xbd\xd0\xb0\xd1\x80\xd0\xb8\xd0\xb9 "
     "\xd1\x81\xd0\xba\xd0\xb0\xd0\xb7\xd0\xba\xd1\x83 "
     "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb4\xd1\x83\xd0\xbc\xd0\xb0\xd0\xb9 "
     "\xd1\x81\xd0\xbe\xd1\x87\xd0\xb8\xd0\xbd\xd0\xb8 \xec\x86\x8c\xec\x84\xa4 "
     "\xec\x9d\xb4\xec\x95\xbc\xea\xb8\xb0 \xea\xb0\x80\xec\x82\xac \xec\x8b\x9c\xeb\xa5\xbc th\xc6\xa1 "
     "truy\xe1\xbb\x87n opowie\xc5\x9b\xc4\x87 opowiadanie wiersz k\xe1\xbb\x8b"
     "ch_b\xe1\xba\xa3n p\xc5\x99\xc3\xad"
     "b\xc4\x9bh"},
    {kTask, I(Task::kTranslation), 5,
     "\xe7\xbf\xbb\xe8\xaf\x91 \xe7\xbf\xbb\xe6\x88\x90 \xe8\xaf\x91\xe6\x88\x90 \xe7\xbf\xbb\xe8\xa8\xb3 "
     "\xe8\x8b\xb1\xe8\xa8\xb3 \xe5\x92\x8c\xe8\xa8\xb3 "
     "\xd0\xbf\xd0\xb5\xd1\x80\xd0\xb5\xd0\xb2\xd0\xb5\xd0\xb4\xd0\xb8 "
     "\xd0\xbf\xd0\xb5\xd1\x80\xd0\xb5\xd0\xb2\xd0\xbe\xd0\xb4 "
     "\xd0\xbf\xd0\xb5\xd1\x80\xd0\xb5\xd0\xb2\xd0\xb5\xd0\xb4\xd0\xb8\xd1\x82\xd0\xb5 "
     "\xd0\xbf\xd0\xb5\xd1\x80\xd0\xb5\xd0\xb2\xd0\xb5\xd1\x81\xd1\x82\xd0\xb8 \xeb\xb2\x88\xec\x97\xad"},
    {kTask, I(Task::kSummarisation), 5,
     "\xe6\x80\xbb\xe7\xbb\x93 \xe6\x91\x98\xe8\xa6\x81 \xe6\xa6\x82\xe6\x8b\xac \xe8\xa6\x81\xe7\xb4\x84 "
     "\xe3\x81\xbe\xe3\x81\xa8\xe3\x82\x81 "
     "\xd1\x80\xd0\xb5\xd0\xb7\xd1\x8e\xd0\xbc\xd0\xb8\xd1\x80\xd1\x83\xd0\xb9 "
     "\xd0\xbe\xd0\xb1\xd0\xbe\xd0\xb1\xd1\x89\xd0\xb8 \xd0\xba\xd1\x80\xd0\xb0\xd1\x82\xd0\xba\xd0\xbe "
     "\xec\x9a\x94\xec\x95\xbd"},
    {kTask, I(Task::kAnalysis), 3,
     "\xe5\x88\x86\xe6\x9e\x90 \xe6\xaf\x94\xe8\xbe\x83 \xe6\xaf\x94\xe8\xbc\x83 "
     "\xd0\xb0\xd0\xbd\xd0\xb0\xd0\xbb\xd0\xb8\xd0\xb7 "
     "\xd0\xbf\xd1\x80\xd0\xbe\xd0\xb0\xd0\xbd\xd0\xb0\xd0\xbb\xd0\xb8\xd0\xb7\xd0\xb8\xd1\x80\xd1\x83\xd0"
     "\xb9 \xd1\x81\xd1\x80\xd0\xb0\xd0\xb2\xd0\xbd\xd0\xb8 \xeb\xb6\x84\xec\x84\x9d "
     "\xeb\xb9\x84\xea\xb5\x90"},
    {kTask, I(Task::kExtraction), 4,
     "\xe6\x8f\x90\xe5\x8f\x96 \xe6\x8a\xbd\xe5\x8f\x96 \xe6\x8a\xbd\xe5\x87\xba "
     "\xd0\xb8\xd0\xb7\xd0\xb2\xd0\xbb\xd0\xb5\xd0\xba\xd0\xb8 "
     "\xd0\xb8\xd0\xb7\xd0\xb2\xd0\xbb\xd0\xb5\xd1\x87\xd1\x8c \xec\xb6\x94\xec\xb6\x9c"},
    {kTask, I(Task::kSupport), 3,
     "the_card a_card tracking reactivate card_i card_that credit_card exchange_rates my_money"},
    {kTask, I(Task::kSupport), 2,
     "track reactivated linked mailed arrive arrived delivered currency currencies"},
    {kTask, I(Task::kCreative), 3,
     "caption captions advert farewell instagram fictional fictitious lyric playwright dialog"},
    {kTask, I(Task::kMaths), 3,
     "left_parenthesis standard_deviation total_area bounded_by confidence_interval least_common euclidean"},
};

}  // namespace

std::span<const Row> TaskRows() {
  return kRows;
}

}  // namespace baton::text
