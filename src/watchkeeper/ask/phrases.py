"""The words by which an intent is known, and the words that say nothing. Regular expressions over lower-cased text."""

import re
from types import MappingProxyType

from watchkeeper.ask.question import Intent, Order, Summary

GREETING = r"^\W*(?:ok(?:ay)?,? )?(?:(?:hi|hello|hey|yo|hallo|hola|moin|bonjour|good (?:morning|afternoon|evening|day)|thanks?|thank you|cheers|sorry|bye|good ?night)(?: (?:so|very) much| a lot)?)(?: (?:there|all|team|everyone|folks|bot|watchkeeper))*\W*$"
"""Nothing is asked."""
HEADS = r"\b(?:how many|number of) (?:of )?(?:our |the |unique |active )*(users|customers|people|clients|visitors|sessions|orders|sales)\b"
"""What is counted by nobody here."""
HELP = r"^\W*(?:(?:please |can you )?help(?: me)?|commands|what (?:can|do|could) (?:you|i) (?:do|tell(?: me)?|answer|ask(?: you)?|know|see)|how do i (?:use|ask) (?:you|this))\W*$"
ACTS = (
    r"^\W*(?:(?:please|pls|can you|could you|would you|go ahead and|just|now)\s+)*(restart(?! counts?)(?!s)|reboot|scale(?: (?:up|down|out))?|roll ?back|revert|"
    r"delete|remove|kill|deploy|redeploy|drain|cordon|patch|upgrade|raise|increase|decrease|lower|bump|set|add|stop|start|fix|heal|apply|merge|"
    r"run|exec(?:ute)?|turn (?:on|off)|disable|enable|drop|destroy|evict|failover|fail over|clear|purge|flush|terminate|page|create|edit|change|update)\b"
)
"""Orders that are never followed from words."""
INCIDENT_ID = r"\b((?:inc|incident)-[0-9a-z][0-9a-z-]*)\b"
PLAN_ID = r"\b(plan-[0-9a-z][0-9a-z-]*)\b"

INTENTS: tuple[tuple[Intent, str, str], ...] = (
    # intent, detail, words. The first that fits wins; its words count as read.
    (Intent.SAFE, "", r"\b(?:safe|okay|ok|fine|clear|good(?: time| moment)?|wise|risky|dangerous)(?: enough)?(?: for (?:us|me))? to (?:deploy|release|ship|merge|roll ?out|push|go live|change anything)\b|\b(?:can|should|may|could|shall|dare) (?:i|we) (?:safely )?(?:deploy|release|ship|merge|roll ?out|push|go live)\b|\bready (?:to|for a?) ?(?:deploy|release|ship)\w*"),
    (Intent.NOISE, "", r"\b(?:(?:nois(?:y|iest|e)|flapp(?:y|ing)|flak(?:y|iest)|spamm(?:y|ing|iest)|useless|most (?:frequent|common)|worst|loudest) (?:alerts?|alarms?|pages?)|(?:alerts?|alarms?|pages?) (?:that )?(?:are|is|were|was) (?:(?:just|only|mostly|pure|the) )?(?:nois(?:e|y|iest)|spam|flapping|flaky|false(?: alarms?| positives?)?|useless)|alert (?:noise|fatigue|spam)|false (?:alarms?|positives?)|(?:alerts?|alarms?) (?:fires?|fired|came|comes|rings?|goes off)? ?(?:the )?most(?: often)?|makes? the most noise|noise)\b"),
    (Intent.CALLS, "blast", r"\b(?:blast radius|(?:what|who|which services?)(?: else)? (?:suffers?|notices?|would suffer|will suffer|feels it)|(?:what|who|which services?)(?: is| are| would be| will be|'s)? (?:affected|impacted|hit|hurt|break|breaks)(?: if| when| by)?|(?:breaks|goes down|fails|suffers) (?:if|when)|(?:what|who|which services?) (?:would|will|could|might) (?:break|fail|suffer|be (?:affected|hit|impacted)|go down)(?: if| when)?(?! (?:next|soon|first|today))(?=.*\b(?:if|when|without)\b|[^?]*¦))\b"),
    (Intent.CALLS, "callers", r"\b(?:(?:who|what|which services?) (?:calls?|called|depends? on|talks? to|invokes?|(?:uses?|consumes?)\b(?! *(?:¦|more|less|the (?:most|least)|most|too|how|over|memory|mem|cpu|ram)))\b|callers(?: of)?|called by|upstream(?: services?)?(?: of)?|dependents(?: of)?|clients of|used by)\b"),
    (Intent.CALLS, "callees", r"\b(?:depend(?:s|ing)? (?:up)?on|dependenc(?:ies|y)(?: of)?|does (?=.*\bcall\b)|relies on|rely on|talks? to|downstream(?: services?)?(?: of)?|callees(?: of)?|needs to work)\b"),
    (Intent.CALLS, "graph", r"\b(?:topology|service (?:map|graph)|call graph|dependency (?:graph|map)|architecture)\b"),
    (Intent.PLANS, "who", r"\b(?:(?:who|which person)(?: has| have)? (?:approved|rejected|signed(?: off)?(?: on)?|authori[sz]ed|decided(?: on)?|accepted)|approved by(?: whom)?|(?:was|were|is|has been) approved(?=.*\bby whom\b))\b"),
    (Intent.PLANS, "failed", r"\b(?:(?:repairs?|fix(?:es)?|plans?|remediations?) (?:that |which )?(?:(?:have|has|had|was|were|got|get|been|did) )*(?:not work|failed|fail|undone|taken back|rolled back|reverted|rejected|declined|void|expired)|(?:failed|undone|rejected|rolled[- ]back|unsuccessful|expired) (?:repairs?|fix(?:es)?|plans?|remediations?))\b"),
    (Intent.PLANS, "running", r"\b(?:repairs?|fix(?:es)?|plans?|remediations?) (?:that |which )?(?:are |is )?(?:(?:currently|still|now) )?(?:in progress|running|under ?way|ongoing|being applied|applying)\b|\b(?:running|ongoing) (?:repairs?|fix(?:es)?|remediations?)\b"),
    (Intent.PLANS, "waiting", r"\b(?:(?:waiting|waits|pending|needs|need|awaiting|await)(?: for)?(?: (?:my|our|an|a|human))? (?:approvals?|decisions?|review)|(?:pending|open|outstanding|waiting) (?:approvals?|plans?|fixes|repairs|remediations?)|waiting (?:for|on) (?:me|us|a human|somebody|someone)|(?:need|needs) (?:me|us|a human) to (?:approve|decide)|(?:should|must|can) (?:i|we) approve|to (?:be )?approved?|approvals?)\b"),
    (Intent.PLANS, "done", r"\b(?:(?:what|which)(?: did| have| has)? (?:you|watchkeeper|the bot|it)(?: have| has|'ve)? (?:tr(?:y|ied)|attempt(?:ed)?|done|do|fix(?:ed)?|change[d]?|repair(?:ed)?|remediate[d]?)|(?:applied|carried out|executed|automatic|auto|done|successful|past|recent|last) (?:fix(?:es)?|repairs?|remediations?|plans?)|remediations?|auto-?remediat\w+|(?:repairs?|fix(?:es)?|remediations?)(?: (?:was|were|have been|has been|got|you))? (?:applied|made|done|merged|carried out|executed)|repairs?(?: (?:done|made|applied|carried out))?|(?:many |the |which |what )?fix(?:es)?(?: (?:did|have) you)?(?: (?:were |have been |got )?(?:applied|apply|made|make|done|merged)))\b"),
    (Intent.PLANS, "any", r"\b(?:what(?:'s| is| are| would be)? (?:the |your |you )?(?:fix|plan|remed(?:y|iation)|recommend(?:ation)?|recommended|suggest(?:ion|ed)?|proposed)(?: (?:fix|action|repair))?|(?:proposed|suggested|recommended) (?:fix(?:es)?|repairs?|remediations?|actions?)|plans?|recommendations?|suggestions?|(?:should|can|could|do|must) (?:i|we) (?:do|fix|roll ?back|revert|restart|scale|mitigate|repair)(?: about)?|how (?:do|can|should|could|to) (?:i |we )?(?:fix|repair|mitigate|resolve|solve)|next steps?|fix(?: for)?)\b"),
    (Intent.INCIDENTS, "mttr", r"\b(?:mttr|mean time to (?:resol\w+|recover\w*|repair)|(?:time|long)(?: does it take)? to (?:resolve|recover|fix)(?: incidents?)?|resolution times?)\b"),
    (Intent.LOGS, "error", r"\b(?:error|failure|fatal|err)[ -](?:logs?|log lines?|messages?|lines?)\b|\b(?:logs?|log lines?) (?:with |of |for )?errors?\b|\berrors? (?:in|from|are in|is in|appear in|show up in) (?:the )?(?:logs?|log lines?)\b|\berrors? (?=.*\b(?:log|logs|logging|logged)\b)|\b(?:exceptions?|stack ?-?traces?|tracebacks?|panics?)\b|\b(?:logging|logged) errors?\b"),
    (Intent.LOGS, "warn", r"\bwarn(?:ing)?s? (?=.*\blogs?\b)|\bwarn(?:ing)?[ -](?:logs?|log lines?|messages?|lines?)\b|\bwarnings (?:in|from) (?:the )?logs?\b"),
    (Intent.LOGS, "", r"\b(?:log(?:ging)? (?:lines?|messages|entries|output|volume|rate|spam)|logs?|grep|logging)\b"),
    (Intent.TRACES, "slow", r"\b(?:slow(?:est)?|longest) (?:traces?|spans?|requests?|endpoints?|operations?|calls?|transactions?|routes?|paths?)\b|\b(?:traces?|spans?)\b|\b(?:endpoints?|operations?|routes?)\b"),
    (Intent.NEAR, "", r"\b(?:handle|take|cope with|sustain|survive) (?:any )?(?:more|double|twice|extra|additional)(?: the)? (?:load|traffic|requests)\b|\b(?:how )?(?:near(?:ing)?|close to|approaching|hitting|nearly at) (?:(?:its|their|the|any|a|some) )?(?:(?:memory|mem|ram|cpu|disk|pool|connection|hard|resource) )?(?:limits?|quotas?|capacity|ceiling)\b|\b(?:head ?room|at (?:full )?capacity|bottle-?necks?|resource pressure|under pressure)\b"),
    (Intent.DECLARED, "memory_limit", r"\b(?:memory|mem|ram) (?:limits?|quota)\b(?! (?:usage|use|utili))|\blimits? (?:for|on|of) (?:the )?(?:memory|ram)\b|\b(?:memory|mem|ram) (?:can|may) (?=.*\b(?:use|have)\b)"),
    (Intent.DECLARED, "cpu_limit", r"\b(?:cpu|core) (?:limits?|quota)\b(?! (?:usage|use|utili))"),
    (Intent.DECLARED, "pool_size", r"\b(?:(?:db|database|connection) )*pool(?:'s)? (?:size|max(?:imum)?|limit)\b|\bsize of (?:the )?(?:(?:db|database|connection) )*pool\b|\b(?:max(?:imum)?) (?:db |database |pool )?connections\b|\bhow (?:big|large) is (?:the )?(?:(?:db|database|connection) )*pool\b"),
    (Intent.DECLARED, "limits", r"\b(?:resource )?limits\b|\bresources? (?:limits?|quotas?|requests)\b"),
    (Intent.DECLARED, "image", r"\b(?:images?|versions?|tags?|revisions?|builds?)(?: (?:is|are|does|of|running|deployed))?\b"),
    (Intent.DECLARED, "node", r"\b(?:(?:which|what) (?:nodes?|machines?|hosts?)|nodes?|hosted|scheduled|where (?:does|do|is|are)(?=.*\b(?:run|runs|running)\b))\b"),
    (Intent.DECLARED, "replicas", r"\bhow many (?:replicas|instances|copies)\b|\breplica count\b|\bnumber of (?:replicas|instances)\b|\b(?:desired|wanted|declared) (?:replicas|pods)\b"),
    (Intent.FORECAST, "", r"\b(?:when will|will|forecasts?|predict(?:ion|ed|s)?|going to|about to|how (?:long|soon) (?:until|till|before)|likely to|on track to|expect(?:ed)? to|will soon)\b"),
    (Intent.FORECAST, "next", r"\b(?:next to (?:break|fail|go)|(?:break|fail|fall over|go down|blow up)s? next|next (?:problem|outage|incident|failure))\b"),
    (Intent.NEAR, "", r"\b(?:(?:how )?saturat(?:ed|ing|ion)|maxed(?: out)?|running (?:low|hot)(?: on)?|almost full|nearly full|over-?loaded|fill(?:s|ing)?(?: up)?|(?:is|are) full|exhausted)\b"),
    (Intent.UNUSUAL, "", r"\b(?:anomal(?:y|ies|ous)|unusual(?:ly)?|weird|strange|odd|out of the ordinary|abnormal(?:ly)?|outliers?|stand(?:s|ing)? out|suspicious|unexpected|(?:looks?|seems?|is|are|anything|feels?) off|off)\b"),
    (Intent.ALERTS, "", r"\b(?:alerts?|alarms?|firing|pages|paging|paged|alerting)\b"),
    (Intent.INCIDENTS, "", r"\b(?:incidents?|outages?|sev ?-?[0-4]s?)\b"),
    (Intent.CHANGES, "", r"\b(?:deploy(?:s|ed|ments?|ing)?|releas(?:e|es|ed)|roll(?:ed)? ?-?outs?|(?:what(?:'s| has| have| is)?|anything|something) (?:been )?(?:changed|changes|change|new|different)|changes|config(?:uration)? (?:changes?|edits?)|(?:someone|somebody|anyone|anybody|who|you) chang(?:ed?|ing)|shipped|merged|commits?|pushed|went out|gone out|new (?:version|release|build)s?)\b"),
    (Intent.SERVICES, "", r"(?:\b(?:what|which|list|show)|^\W*)(?: me)?(?: all)?(?: the)? (?:services|applications|apps|workloads|deployments)(?: (?:do you|can you|are there|exist|are running|run|do we have|you know|is there|are we running|are you watching|are monitored|we (?:have|run)|do we run|running|do you (?:know|see|watch|monitor)))?(?: in total| here| there)?\s*[?.!]*\s*$"),
)  # fmt: skip
RUNBOOK = r"\b(?:run ?books?|play ?books?|post[- ]?mortems?)\b"
SIMILAR = r"\b(?:similar|(?:seen|had|have|has|did) (?:this|it|that|(?:an? )?(?:incidents?|outages?|problems?) like (?:this|that|it))(?: happen(?:ed)?)? before|happened before|(?:(?:been|there) )?(?:incidents?|outages?) like (?:this|that|it)(?: before)?|look(?:s|ed)? (?:like|alike) before)\b"
WHY = r"\b(?:why|root[ -]?causes?|(?:was |were |is )?caus(?:ed|es|ing)(?: by)?|what(?:'s| is| was| has been)? (?:cause|broke|behind|the (?:cause|reason)(?: of| for| behind)?)|(?:cause|reason) (?:of|for|behind)|explain|diagnose|investigate|troubleshoot|debug|what(?:'s| is| was| went)? wrong(?: with)?|what(?:'s| is| was)? the (?:problem|issue|matter)(?: with)?|rca)\b"
HAPPENED = r"\b(?:what(?:'s| has| is| did)? (?:happened|happening|happen|going on(?! with)|went down)|what did i miss|catch me up|anything happen(?:ed|ing)?|summar(?:y|i[sz]e)|handover|hand-?off|any(?:thing)? (?:news|interesting))\b"
BROKEN = r"\b(?:what(?:'s| is| are)? (?:broken|down|failing|on fire|degraded|unhealthy)|anything (?:broken|down|wrong|on fire|failing)|any (?:problems?|issues?|trouble)(?: right now)?|everything (?:ok|okay|fine|good|healthy|up)|all (?:good|green|ok|well)|all quiet|is (?:something|anything) (?:wrong|broken|off)|are we (?:all )?(?:good|ok(?:ay)?|fine|up|down|healthy|stable)|is it (?:all )?over|how (?:are things|is everything|is it (?:going|looking)|are we doing|is (?:prod|production|the (?:system|platform|site|shop|cluster)) doing)|(?:is|are) (?:the )?(?:site|shop|system|platform|services) (?:up|ok|down|healthy)|(?:system |service |overall )?(?:status|health|overview)(?= *(?:report|check|page)?[?.! ]*$)|status (?:report|update|check|page))\b"
HEALTH = r"\b(?:(?:fully )?recover(?:ed|ing)?|(?:back|return(?:ed)?|gone back) to (?:normal|usual)|stable|calm(?:ed)?(?: down)?|usual|within (?:its )?(?:normal|usual) range|everything about|up with|health(?:y|[ -]?checks?)?|unhealthy|ok(?:ay)?|fine|alive|status|state|working|doing|degraded|broken|problems?|issues?|trouble|in trouble|having|struggling|suffering|ill|sick|well|performing|behaving|overview|dashboard|golden signals|(?:is|are|still|went|gone|back) (?:it )?(?:up|down)|(?:up|down)(?= *(?:¦ *)*[?.!]*\s*$)|up and running|running (?:ok|fine|well|normally)|normal(?:ly)?|look(?:s|ing)?(?: like)?|available|responding|respond|reachable|serving)\b"
PODS = r"\b(?:pods?|containers?|instances?)\b"
POD_STATES = MappingProxyType({
    "not_ready": r"\b(?:not (?:ready|running|healthy)|unready|unhealthy|failing|broken|stuck|down|unavailable|aren't ready|isn't ready)\b",
    "pending": r"\b(?:pending|unschedul(?:ed|able)|waiting)\b",
    "crashing": r"\b(?:crash ?loop\w*|crash(?:ing|ed|es)|back-?off)\b",
    "oom": r"\b(?:oom\w*|out of memory)\b",
    "restarted": r"\brestart(?:ed|ing|s)\b",
})  # fmt: skip
GOOD = r"\b(?:recover(?:ed|ing)?|normal(?:ly)?|usual|stable|calm(?:ed)?|ok(?:ay)?|fine|good|well|health(?:y)?|within)\b"
"""Words that ask whether it is well; a yes then means the opposite of a yes to "is it slow?"."""
CLOSES = r"\b(?:break(?:s|ing)?|fail(?:s|ing)?|go(?:es)? down|fall over|die[s]?|blow up|next|first|soon)\b"
FIRED = r"\b(?:fire[sd]?|firing|trigger(?:ed|s|ing)?|went off|go off|gone off|rang|rung|came in|come in|received|raised|began|started|start)\b"
MENDED = r"\bwhat (?:has |have )?(?:fixed|resolved|solved|healed|repaired|ended|helped)\b"
STORY = r"\b(?:serious|severe|severity|bad|priority|status|state|open(?:ed)?|closed|resolved|over|fixed|started?|end(?:ed)?|last(?:ed)?|took|still|ongoing|about|story|happened|up with|with|timeline|summary|summar(?:y|i[sz]e)|details?)\b"
EVIDENCE = r"\b(?:evidence|proofs?|prove|facts?|how do you know|sure|certain|confidence|confident|because)\b"
LENGTHS = (
    ("longest", r"\b(?:longest|slowest to (?:resolve|fix))\b"),
    (
        "by service",
        r"\b(?:(?:by|per|each) service|(?:which|what) service(?=.*\b(?:most|fewest|least)\b)|most incidents|most (?:affected|hit|unreliable))\b",
    ),
    ("worst", r"\b(?:worst|biggest|most severe|most serious)\b"),
)
"""How incidents are ordered."""
VERSION = r"\bv?(\d+\.\d+(?:\.\d+)?(?:-[\w.]+)?)\b"
WHEN = r"\b(?:when did|when (?:was|were|has|have)|since when|how long (?:has|have|was|were|did)|what time did|at what (?:time|point) did|how long)\b"
SPIKED = r"\b(?:spik(?:e[ds]?|ing)|jump(?:ed|s|ing)?|increas(?:e[ds]?|ing)|r(?:ise[sn]?|ose|ising)|climb(?:ed|s|ing)?|grow(?:n|s|ing)?|grew|go(?:ne|ing)? up|went up|surg(?:e[ds]?|ing)|peak(?:ed|ing)|high(?:er)?|elevated|get(?:ting)? worse|worse|degrad(?:ed?|ing)|shot up|blow(?:n|ing)? up|blew up|through the roof|slow down|slowed(?: down)?|too (?:high|much|many|slow)|so (?:high|slow|much|many)|up)\b"
DROPPED = r"\b(?:drop(?:ped|s|ping)?|f[ae]ll(?:en|s|ing)?|decreas(?:e[ds]?|ing)|go(?:ne|ing)? down|went down|low(?:er)?|plummet(?:ed)?|dip(?:ped|s)?|declin(?:e[ds]?|ing)|vanish(?:ed)?|better|improv(?:e[ds]?|ing)|too (?:low|few|little)|so (?:low|few|little)|down)\b"
TREND = r"\b(?:trend(?:s|ing)?|evol(?:ve[ds]?|ving)|chang(?:e[ds]?|ing)|develop(?:ed|ing)?|compar(?:e[ds]?|ing|ison)|differ(?:s|ence|ent)?)\b"
PEAK = r"\b(?:worst|highest|busiest|peak|slowest) (?:minutes?|moments?|points?|seconds?|time)\b"
JUMP = r"\b(?:jump|spike|increase|rise|surge|drop|dip|fall|decrease|change|degradation|regression)s?\b"
START = r"\b(?:stop(?:ped|s)?|end(?:ed)?|go(?:ne)? away|went away|start(?:ed|s|ing)?|begin|began|begun)\b"

ORDER: tuple[tuple[Order, str, str], ...] = (
    (Order.LEAST, "latency-95", r"\b(?:fastest|quickest)\b"),
    (Order.MOST, "latency-95", r"\b(?:slowest|worst latency)\b"),
    (Order.MOST, "traffic", r"\bbusiest\b"),
    (Order.MOST, "cpu", r"\bhottest\b"),
    (Order.MOST, "errors", r"\b(?:least reliable|flakiest|most (?:unreliable|broken))\b"),
    (Order.LEAST, "errors", r"\bmost reliable\b"),
    (Order.LEAST, "", r"\b(?:lowest|least|smallest|fewest|minimum (?=.*\bwhich\b)|bottom)\b"),
    (Order.MOST, "", r"\b(?:highest|most|biggest|largest|greatest|worst|heaviest|top|rank(?:ed|ing)?|leading|hungriest|hog(?:s|ging)?|sort(?:ed)?(?: by)?)\b"),
)  # fmt: skip
SUMMARY: tuple[tuple[Summary, str], ...] = (
    (Summary.MEAN, r"\b(?:average|avg|mean|on average|typically)\b"),
    (Summary.MAX, r"\b(?:max(?:imum)?|peak(?:ed)?|highest point|high water mark)\b"),
    (Summary.MIN, r"\b(?:min(?:imum)?|trough|lowest point)\b"),
    (Summary.TOTAL, r"\b(?:total(?: (?:number|count|amount))?(?: of)?|counts?|altogether|in total|sum(?: of)?|count of|number of)\b"),
    (Summary.NOW, r"\b(?:current|latest|instantaneous)\b"),
)  # fmt: skip
COUNT = r"\bhow (?:many(?: times)?|often)\b"
EVERYTHING = r"(?<![\w-])(?:(?:for|of|across|in|on|over|by|per) )?(?:all(?: (?:of )?(?:the|our|my))?(?: (?:services?|applications?|apps|workloads|components|microservices|deployments))?|(?:every|each) (?:one|service|app|application|workload|component)|per[ -](?:service|app)|by (?:service|app)|services?|apps|applications|workloads|everything|everywhere|across the board|overall|(?:whole|entire) (?:system|cluster|platform|estate|shop|stack)|cluster(?:[ -]?wide)?|system(?:[ -]?wide)?|site|platform|stack|infra(?:structure)?|environment)\b"
PER_POD = r"\b(?:(?:per|by|each|every|for each|which) (?:pods?|instances?|containers?|replicas?)|(?:pod|instance|container)[ -](?:level|wise)|pods(?= (?:of|in|for|use|using|have))|broken down by pod)\b"
ENVIRONMENTS = MappingProxyType({
    "production": r"\b(?:prod|production|live)\b", "staging": r"\b(?:staging|stage|stg|preprod|pre-prod)\b", "development": r"\b(?:dev|development)\b",
    "test": r"\b(?:qa|uat|test(?:ing)? env(?:ironment)?)\b",
})  # fmt: skip
NEGATED = r"\b(?:isn't|is not|aren't|are not|not|never|doesn't|does not|don't|didn't|did not|won't|cannot|can't|no longer|without|neither|nor)\b"

FILLERS = frozenset(
    ["a", "about", "above", "again", "all", "also", "am", "an", "and", "any", "anybody", "anyone", "anything", "are", "as", "at", "available", "be", "because", "been", "being", "both", "by", "can", "could", "current", "data", "did", "display", "do", "does", "doing", "each", "either", "else", "ever", "fetch", "find", "for", "from", "get", "getting", "gets", "give", "given", "got", "graph", "had", "happen", "happened", "happening", "has", "have", "having", "hello", "hey", "hi", "how", "i", "i'd", "i'm", "if", "in", "into", "is", "it", "it's", "its", "just", "kind", "know", "let", "level", "levels", "like", "list", "look", "looking", "made", "make", "many", "may", "me", "metric", "metrics", "might", "more", "much", "my", "need", "needs", "now", "number", "numbers", "of", "off", "ok", "on", "one", "ones", "only", "or", "our", "out", "over", "please", "plot", "pls", "pull", "query", "quick", "quickly", "real", "really", "recently", "report", "run", "running", "s", "see", "seeing", "seem", "seems", "service", "services", "should", "show", "shown", "since", "so", "some", "something", "stats", "statistics", "still", "such", "tell", "thank", "thanks", "that", "that's", "the", "their", "them", "then", "there", "there's", "they", "this", "those", "through", "time", "times", "to", "too", "under", "up", "us", "usage", "use", "used", "uses", "using", "value", "values", "very", "was", "watchkeeper", "we", "we're", "were", "what", "what's", "whats", "when", "where", "which", "while", "who", "who's", "will", "with", "within", "would", "you", "your", "d", "check", "chart", "current", "figures", "view", "want", "print", "return", "describe", "info", "information", "details", "detail", "period", "window", "time-range", "during", "actually", "currently", "experiencing", "experience", "going", "go", "goes", "gone", "come", "comes", "came", "sit", "sits", "sitting", "stand", "handling", "handle", "handled", "serving", "serve", "served", "take", "takes", "taken", "taking", "receive", "receives", "received", "reaching", "reach", "spend", "spends", "consume", "consumes", "consuming", "consumed", "eat", "eats", "eating", "producing", "produce", "generating", "throw", "throws", "throwing", "thrown", "return", "returns", "returning", "returned", "answer", "answers", "answering", "respond", "responds", "see", "seen", "saw", "happen", "happens", "affected", "affect", "user", "users", "customer-facing", "customers", "customer", "someone", "somebody", "mine", "themselves", "itself", "yet", "already", "even", "though", "well", "api", "http", "server", "side", "second", "minute", "per", "compare", "compared", "between", "against", "total", "their", "average", "today's", "yesterday's", "it'll", "he", "she", "we've", "bot", "folks", "team", "guys", "dear", "everyone", "quite", "rather", "almost", "roughly", "approximately", "around", "exactly", "most", "least", "any", "own", "right", "wrong", "problem", "bad", "badly", "good", "suddenly", "sudden", "all's", "hows", "how's", "where's", "is's", "last", "latest", "past", "first", "and/or", "vs", "versus", "here", "across", "trend", "trends", "summary", "overview", "history", "historical", "graphically", "table", "sparkline", "dashboard", "panel", "prometheus", "grafana", "loki", "tempo", "kubernetes", "k8s", "cluster's", "work", "works", "able", "become", "becomes", "became", "get's", "gotten", "show's", "showing", "give's", "gives", "tell's", "say", "says", "said", "reported", "reporting", "keep", "keeps", "kept", "ask", "asked", "asking", "wonder", "wondering", "possibly", "maybe", "perhaps", "anywhere", "somewhere", "high", "low", "big", "small", "large", "great", "less", "fewer", "biggest", "state"]
)  # fmt: skip
"""Words that change nothing about what is asked. Any other word that no reader took makes the question unclear."""

VOCABULARY = FILLERS | frozenset(
    re.findall(
        r"[a-z]{4,}",
        """latency latencies memory errors error failed failing failure traffic requests request restart restarts restarted pods deploy deployed deployment
        deployments release released alert alerts incident incidents count counts logs trace traces cause caused causes connection connections queue
        throttled throttling spike spiked slow slowest highest lowest which average peak check checks call calls called caller callers node nodes
        image images version health healthy approve approval pending plan plans fixes repair repairs change changes changed changing chart carts
        search searching shape shaping ship shipping shipped container containers client clients network volume storage stage staging prod production
        pool pools size sizes limit limits crash crashed crashing patch cached caching catch match matched watch back packet page pages paged path paths
        gate gates front door data base payments paid pays""",
    )
) - frozenset(("shipping", "shipped", "payments", "carts"))  # fmt: skip
"""Words that are never a slip of a service's name."""
