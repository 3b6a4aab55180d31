// Words as evidence. A row gives a weight to a list of words, or to pairs of neighbours ("how_many"), for one
// task, domain or language; the sums decide in features.cc. This is a bag of hints, not understanding:
// docs/routing.md has the measured accuracy. Rules want something cheap, inspectable and the same offline and
// live; learned classifiers come later.
//
// All rows are put into one open-addressing table of 64-bit hashes (no strings are compared: with some two
// thousand entries, a false hit has a chance of 1e-16 per word), so that a word costs one hash and one cache
// line.

#include "route/lexicon.h"

#include <algorithm>
#include <map>
#include <vector>

namespace baton::route {
namespace {

enum Group : std::uint8_t { kTask, kDomain, kLang, kHard, kEasy, kJson };

struct Row {
  Group group;
  int index;
  int weight;
  std::string_view words;
};

constexpr int I(Task t) {
  return static_cast<int>(t);
}
constexpr int I(Domain d) {
  return static_cast<int>(d);
}
constexpr int I(Lang l) {
  return static_cast<int>(l);
}

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

    // ---- domains
    {kDomain, I(Domain::kCoding), 3,
     "python javascript typescript java c++ golang rust kotlin sql html css compiler algorithm code_that "
     "programming "
     "software bytecode cpu opcode tcp ipv4 kernel operating_system encryption cryptographic malware "
     "firewall "
     "neural_network machine_learning big_o hash_table turing heap_sort instruction_set pipeline "
     "buffer_overflow docker git"},
    {kDomain, I(Domain::kCoding), 1,
     "code function program class server database network memory cache processor array binary protocol bit "
     "bits"},
    {kDomain, I(Domain::kLegal), 3,
     "plaintiff defendant statute jurisdiction tort attorney lawsuit lawsuits contract_law negligence felony "
     "homicide "
     "larceny burglary hearsay jury appellate constitution constitutional amendment litigation liability "
     "legal lawyer "
     "gdpr clause clauses copyright patent trademark landlord tenant easement testator vertrag klausel "
     "gesetz paragraph_ "
     "contrat juridique loi contrato ley contratto legge treaty treaties sovereignty juvenile convicted "
     "prosecution "
     "indictment warrant murder robbery deed conveyed parol common_law supreme_court international_law "
     "natural_law"},
    {kDomain, I(Domain::kLegal), 2,
     "court law laws judge trial contract evidence_of seller buyer custody sued guilty testify testimony "
     "witness legislature ordinance statutory"},
    {kDomain, I(Domain::kLegal), 1, "rights state act crime damages agreement police officer"},
    {kDomain, I(Domain::kMedical), 3,
     "patient patients symptoms diagnosis diagnosed disease dosage clinical therapy cancer tumor infection "
     "surgery "
     "nurse physician antibiotic antibiotics syndrome artery arteries nerve muscle vaccine virus viruses "
     "viral hiv "
     "insulin diabetes hypertension blood_pressure pregnancy cardiac renal pulmonary hepatitis anemia fever "
     "lesion "
     "biopsy medication mg_kg serum fracture ligament kidney liver chromosome mutation gene genes allele "
     "dementia "
     "vitamin vitamins dietary nutrient nutrition obesity krankheit symptome patientin maladie m\xc3\xa9"
     "decin "
     "enfermedad m\xc3\xa9"
     "dico malattia hospital anatomy embryo glucose autosomal alzheimer elderly aging"},
    {kDomain, I(Domain::kMedical), 2,
     "blood pain doctor medical medicine health drug drugs tissue bone brain hormone heart treatment "
     "year_old cell_count skin tongue oral"},
    {kDomain, I(Domain::kFinancial), 3,
     "portfolio dividend dividends revenue inflation gdp mortgage accounting audit auditor auditing "
     "econometrics "
     "monopoly elasticity monetary fiscal equilibrium_price marginal_cost aggregate_demand aggregate_supply "
     "interest_rate interest_rates balance_sheet cash_flow shareholders stockholders investor investors "
     "investment "
     "securities bonds stock_price stock_market taxable tax_rate ebitda currency exchange_rate unemployment "
     "perfectly_competitive competitive_firm regression heteroscedasticity estimator bank_account kredit "
     "steuer aktien "
     "imp\xc3\xb4t impuesto imposta federal_reserve money_supply open_market income_tax autocorrelation"},
    {kDomain, I(Domain::kFinancial), 2,
     "stock bond bank loan tax taxes price prices market markets demand supply economy economic profit cost "
     "income "
     "budget money consumer firm invoice payment fund funds assets wages capital card transfer fee top_up "
     "account atm"},
    {kDomain, I(Domain::kScience), 3,
     "physics chemistry biology atom atoms molecule molecules velocity acceleration electron electrons "
     "proton neutron "
     "photon wavelength momentum kinetic dna rna protein proteins enzyme enzymes planet planets galaxy "
     "telescope "
     "species evolution photosynthesis chemical reaction acid acids titration oxidation ion ions molar "
     "quantum "
     "thermodynamic entropy gravitational magnetic_field electric_field ecosystem organism organisms "
     "bacteria "
     "mitochondria orbitals isotope nucleus solvent polymer semiconductor voltage capacitor resistor "
     "asteroid mars "
     "jupiter crust mantle glacier fossil astronomer physik chemie chimie f\xc3\xadsica qu\xc3\xadmica "
     "fisica chimica "
     "circuit neutrons protons organic compound compounds chromatography nmr phenotype cells membrane "
     "plasma"},
    {kDomain, I(Domain::kScience), 2,
     "energy temperature force mass gas liquid solid heat light cell plants animals experiment scientist "
     "scientists earth "
     "sun moon water pressure magnetic electric current solution concentration star stars rock rocks"},

    // ---- effort
    {kHard, 0, 3,
     "prove proof rigorous rigorously derive theorem architecture optimize optimise step_by_step in_depth "
     "trade_offs "
     "tradeoffs distributed concurrency formally comprehensive thorough beweise d\xc3\xa9montre demuestra "
     "dimostra "
     "schrittweise design_a_system end_to_end"},
    {kHard, 0, 2,
     "design analyze analyse evaluate complex detailed explain_why compare critique algorithm implement "
     "constraints "
     "refactor strategy integral polynomial detailliert ausf\xc3\xbchrlich d\xc3\xa9taill\xc3\xa9 detallado "
     "dettagliato"},
    {kHard, 0, 1, "explain why multiple must requirements ensure consider given suppose determine discuss"},
    {kEasy, 0, 2,
     "what_is who_is when_was where_is capital_of spell define translate yes_or hello hi thanks hallo "
     "bonjour hola ciao merci danke was_ist wer_ist qui_est quelle_est qu\xc3\xa9_es cos_\xc3\xa8 one_word "
     "one_sentence in_short briefly kurz"},

    // ---- JSON asked for in words
    {kJson, 0, 1,
     "as_json in_json json_object json_format valid_json return_json output_json json_array json_only "
     "json_schema json_with au_format_json en_json als_json im_json json_response json_list"},

    // ---- languages
    {kLang, I(Lang::kEn), 2,
     "the is and of what how you are does can for with this that my which from was would please an it or be "
     "not on your have do if will at by"},
    {kLang, I(Lang::kEn), 1,
     "a i to in me who when where write find give tell make why hello hi hey thanks if explain"},
    {kLang, I(Lang::kDe), 2,
     "der das und ist nicht ein eine einen einem einer ich du wir ihr mit f\xc3\xbcr auf von zu dem den wie "
     "wer warum "
     "bitte kannst k\xc3\xb6nnen oder auch sich im zum zur sind wird mein meine hat haben gibt \xc3\xbc"
     "ber wenn "
     "schreibe erkl\xc3\xa4re hallo danke welche welcher wieviel viele mir aus bei nach kein keine"},
    {kLang, I(Lang::kDe), 1, "die was es in an so"},
    {kLang, I(Lang::kFr), 2,
     "le les des est et une dans pour qui sur avec je vous nous il elle ce cette pas sont du au aux mon ma "
     "mes quel "
     "quelle quels comment pourquoi combien \xc3\xa0 \xc3\xaatre avez peux pouvez moi votre bonjour merci "
     "plus qu "
     "c d l j n m\xc3\xaame o\xc3\xb9 ou donne explique \xc3\xa9"
     "cris faut"},
    {kLang, I(Lang::kFr), 1, "la de un en que"},
    {kLang, I(Lang::kEs), 2,
     "el los las es y una por para con qu\xc3\xa9 c\xc3\xb3mo cu\xc3\xa1l cu\xc3\xa1les cu\xc3\xa1ntos "
     "d\xc3\xb3nde "
     "lo del al su sus m\xc3\xa1s pero como est\xc3\xa1 son tengo puedo puedes quiero hola gracias esto este "
     "esta muy "
     "mi escribe explica hay ser fue yo t\xc3\xba por_favor ayuda necesito"},
    {kLang, I(Lang::kEs), 1, "la de en un que se no me"},
    {kLang, I(Lang::kIt), 2,
     "il lo gli di \xc3\xa8 e che per con sono una del della dei delle nel nella alla dal come perch\xc3\xa9 "
     "cosa "
     "quale quali quanto mi puoi vorrei ciao grazie questo questa non anche pi\xc3\xb9 ho ha scrivi spiega "
     "dove "
     "chi ai al devo essere"},
    {kLang, I(Lang::kIt), 1, "la un in i se le"},
    {kLang, I(Lang::kPt), 2,
     "o os as \xc3\xa9 e um uma para com n\xc3\xa3o qual quais como por que do da dos das no na em mais "
     "voc\xc3\xaa "
     "meu minha est\xc3\xa1 s\xc3\xa3o ol\xc3\xa1 obrigado obrigada isso este esta eu posso escreva explique "
     "quanto "
     "onde pode ao ele ela foi muito ser tem preciso"},
    {kLang, I(Lang::kPt), 1, "de a se me"},
    {kLang, I(Lang::kNl), 2,
     "de het een en van is niet dat die op te voor met zijn ik je wat hoe waarom kan kun wij aan er om ook "
     "naar maar "
     "deze dit mijn hebben heeft welke hallo bedankt graag schrijf leg geef als bij uit nog wel geen "
     "hoeveel"},
    {kLang, I(Lang::kNl), 1, "in of was"},
    {kLang, I(Lang::kPl), 2,
     "jest nie si\xc4\x99 na w z do jak co czy to i o \xc5\xbc"
     "e dla po jaki jakie napisz prosz\xc4\x99 dlaczego ile mam mo\xc5\xbcna ten jestem przez oraz"},
    {kLang, I(Lang::kSv), 2,
     "och \xc3\xa4r att det som en ett p\xc3\xa5 av f\xc3\xb6r med inte jag du hur vad varf\xc3\xb6r kan "
     "till fr\xc3\xa5n den skriv hej tack mig eller vilken"},
    {kLang, I(Lang::kTr), 2,
     "ve bir bu ne nas\xc4\xb1l i\xc3\xa7in ile de da m\xc4\xb1 mi neden hangi olan l\xc3\xbctfen bana ben "
     "sen var yaz a\xc3\xa7\xc4\xb1kla merhaba kadar gibi \xc3\xa7ok"},
};

struct Effect {
  Group group;
  std::uint8_t index;
  std::int8_t weight;
};

struct Slot {
  std::uint64_t hash = 0;  // 0: empty
  std::uint16_t first = 0;
  std::uint8_t count = 0;
  bool pairs = false;  // some pair begins with this word
};

constexpr std::uint64_t kSeed = 0xcbf29ce484222325ULL, kPrime = 0x100000001b3ULL;
constexpr std::uint64_t Step(std::uint64_t h, unsigned char c) {
  return (h ^ c) * kPrime;
}
// FNV's low bits alone index badly; one multiplication and fold spreads them.
constexpr std::uint64_t Mix(std::uint64_t h) {
  h ^= h >> 32;
  h *= 0x9e3779b97f4a7c15ULL;
  return (h ^ (h >> 29)) | 1;
}
constexpr std::uint64_t Pair(std::uint64_t a, std::uint64_t b) {
  return Mix((a << 7 | a >> 57) ^ (b * 3));
}

std::uint64_t HashOf(std::string_view word) {
  std::uint64_t h = kSeed;
  for (char c : word) h = Step(h, static_cast<unsigned char>(c));
  return Mix(h);
}

class Table {
 public:
  Table() {
    std::map<std::uint64_t, std::vector<Effect>> entries;
    std::vector<std::uint64_t> heads;
    for (const auto& row : kRows) AddRow(row, &entries, &heads);
    for (auto h : heads) entries[h];  // a word that only begins pairs needs a slot as well
    for (const auto& [hash, effects] : entries) {
      Slot slot{hash, static_cast<std::uint16_t>(effects_.size()), static_cast<std::uint8_t>(effects.size()),
                false};
      slot.pairs = std::find(heads.begin(), heads.end(), hash) != heads.end();
      effects_.insert(effects_.end(), effects.begin(), effects.end());
      std::size_t i = hash >> kShift;
      while (slots_[i].hash != 0) i = (i + 1) % slots_.size();
      slots_[i] = slot;
    }
  }

  const Slot* Find(std::uint64_t hash) const {
    for (std::size_t i = hash >> kShift; slots_[i].hash != 0; i = (i + 1) % slots_.size()) {
      if (slots_[i].hash == hash) return &slots_[i];
    }
    return nullptr;
  }

  void Apply(const Slot& slot, Scores* s) const {
    for (std::size_t i = slot.first; i < slot.first + std::size_t{slot.count}; ++i) {
      const Effect& e = effects_[i];
      switch (e.group) {
        case kTask:
          s->task[e.index] += e.weight;
          break;
        case kDomain:
          s->domain[e.index] += e.weight;
          break;
        case kLang:
          s->lang[e.index] += e.weight;
          break;
        case kHard:
          s->hard += e.weight;
          break;
        case kEasy:
          s->easy += e.weight;
          break;
        case kJson:
          s->json += e.weight;
          break;
      }
    }
  }

 private:
  // "a" or "a_b"; of "a_b_c" the first two count.
  static void AddRow(const Row& row, std::map<std::uint64_t, std::vector<Effect>>* entries,
                     std::vector<std::uint64_t>* heads) {
    std::string_view rest = row.words;
    while (!rest.empty()) {
      std::size_t space = std::min(rest.find(' '), rest.size());
      std::string_view word = rest.substr(0, space);
      rest = rest.substr(std::min(space + 1, rest.size()));
      std::size_t bar = word.find('_');
      std::uint64_t hash = HashOf(word.substr(0, bar));
      if (bar != std::string_view::npos && bar + 1 < word.size()) {
        heads->push_back(hash);
        std::string_view second = word.substr(bar + 1);
        hash = Pair(hash, HashOf(second.substr(0, second.find('_'))));
      }
      (*entries)[hash].push_back(
          {row.group, static_cast<std::uint8_t>(row.index), static_cast<std::int8_t>(row.weight)});
    }
  }

  static constexpr int kShift = 64 - 13;
  std::vector<Slot> slots_ = std::vector<Slot>(std::size_t{1} << 13);
  std::vector<Effect> effects_;
};

// What a byte becomes inside a word; 0 ends it. '+' and '#' only continue one ("c++", "c#").
constexpr std::array<unsigned char, 256> MakeFold() {
  std::array<unsigned char, 256> f{};
  for (int c = 'a'; c <= 'z'; ++c) f[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c);
  for (int c = 'A'; c <= 'Z'; ++c) f[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c + 32);
  for (int c = '0'; c <= '9'; ++c) f[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c);
  for (int c = 0x80; c < 0x100; ++c) f[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c);
  return f;
}
constexpr auto kFold = MakeFold();

// Typographic quotes and dashes (E2 80 xx) and the signs at C2 A0..BF separate words like their ASCII
// cousins.
std::size_t Separator(std::string_view t, std::size_t i) {
  auto at = [&](std::size_t k) { return k < t.size() ? static_cast<unsigned char>(t[k]) : 0u; };
  if (at(i) == 0xe2 && at(i + 1) == 0x80) return 3;
  if (at(i) == 0xc2 && at(i + 1) >= 0xa0 && at(i + 1) <= 0xbf) return 2;
  return 0;
}

}  // namespace

void ScoreWords(std::string_view t, Scores* scores) {
  static const Table kTable;   // immutable
  std::uint64_t previous = 0;  // hash of the word before, when pairs begin with it
  for (std::size_t i = 0; i < t.size();) {
    unsigned char c = kFold[static_cast<unsigned char>(t[i])];
    if (c == 0) {
      ++i;
      continue;
    }
    if (c >= 0xc2) {
      if (std::size_t n = Separator(t, i); n != 0) {
        i += n;
        continue;
      }
    }
    std::uint64_t h = kSeed;
    for (; c != 0; c = i < t.size() ? kFold[static_cast<unsigned char>(t[i])] : 0) {
      if (c >= 0xc2 && Separator(t, i) != 0) break;
      h = Step(h, c);
      ++i;
    }
    while (i < t.size() && (t[i] == '+' || t[i] == '#')) h = Step(h, static_cast<unsigned char>(t[i++]));
    h = Mix(h);
    ++scores->words;
    if (previous != 0) {
      if (const Slot* pair = kTable.Find(Pair(previous, h))) kTable.Apply(*pair, scores);
    }
    const Slot* slot = kTable.Find(h);
    if (slot != nullptr) kTable.Apply(*slot, scores);
    previous = slot != nullptr && slot->pairs ? h : 0;
  }
}

}  // namespace baton::route
