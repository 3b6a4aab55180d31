// Words that tell a field of knowledge, an effort, a form, or a language.

#include "text/lexicon_rows.h"

namespace baton::text {
namespace {

constexpr Row kRows[] = {
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

    // ---- words of tests that are given, not asked for
    {kTests, 0, 1,
     "assertequal asserttrue assertfalse assertraises test_cases these_tests pytest unittest expect_eq"},

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

}  // namespace

std::span<const Row> TopicRows() {
  return kRows;
}

}  // namespace baton::text
