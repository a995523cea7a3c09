CREATE TABLE authors (
	platform VARCHAR NOT NULL,
	author_id VARCHAR NOT NULL,
	handle VARCHAR,
	name VARCHAR,
	bio VARCHAR,
	followers BIGINT,
	following BIGINT,
	created_at BIGINT,
	verified BOOLEAN,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_authors PRIMARY KEY (platform, author_id)
);
CREATE TABLE brands (
	name VARCHAR NOT NULL,
	is_rival BOOLEAN NOT NULL,
	CONSTRAINT pk_brands PRIMARY KEY (name)
);
CREATE TABLE counters (
	counter VARCHAR NOT NULL,
	since BIGINT NOT NULL,
	CONSTRAINT pk_counters PRIMARY KEY (counter)
);
CREATE TABLE coverage (
	source VARCHAR NOT NULL,
	started_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL,
	CONSTRAINT pk_coverage PRIMARY KEY (source, started_at)
);
CREATE TABLE covers (
	id INTEGER NOT NULL,
	rotation VARCHAR NOT NULL,
	person VARCHAR NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	ordered_by VARCHAR NOT NULL,
	ordered_at BIGINT NOT NULL,
	ended_at BIGINT,
	ended_by VARCHAR,
	CONSTRAINT pk_covers PRIMARY KEY (id)
);
CREATE TABLE cursors (
	name VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	cursor VARCHAR NOT NULL,
	updated_at BIGINT,
	CONSTRAINT pk_cursors PRIMARY KEY (name),
	CONSTRAINT ck_cursors_kind CHECK (kind IN ('source', 'feed'))
);
CREATE TABLE gaps (
	id INTEGER NOT NULL,
	source VARCHAR NOT NULL,
	started_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL,
	reason VARCHAR NOT NULL,
	CONSTRAINT pk_gaps PRIMARY KEY (id),
	CONSTRAINT uq_gaps_source_started_at_ended_at UNIQUE (source, started_at, ended_at)
);
CREATE TABLE links (
	platform VARCHAR NOT NULL,
	author_id VARCHAR NOT NULL,
	whose INTEGER NOT NULL,
	person VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_links PRIMARY KEY (platform, author_id)
);
CREATE INDEX ix_links_whose ON links (whose);
CREATE TABLE logins (
	nonce VARCHAR NOT NULL,
	person VARCHAR NOT NULL,
	used_at BIGINT NOT NULL,
	CONSTRAINT pk_logins PRIMARY KEY (nonce)
);
CREATE TABLE mornings_told (
	person VARCHAR NOT NULL,
	told_to BIGINT NOT NULL,
	carded_at BIGINT,
	CONSTRAINT pk_mornings_told PRIMARY KEY (person)
);
CREATE TABLE pauses (
	id INTEGER NOT NULL,
	person VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	begun_at BIGINT NOT NULL,
	ended_at BIGINT,
	ended_by VARCHAR,
	CONSTRAINT pk_pauses PRIMARY KEY (id)
);
CREATE TABLE posts (
	id INTEGER NOT NULL,
	platform VARCHAR NOT NULL,
	post_id VARCHAR NOT NULL,
	author_id VARCHAR NOT NULL,
	author_handle VARCHAR,
	text VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	alts VARCHAR NOT NULL,
	links VARCHAR NOT NULL,
	langs VARCHAR NOT NULL,
	mentions VARCHAR NOT NULL,
	parent_id VARCHAR,
	parent_author_id VARCHAR,
	parent_revision VARCHAR,
	root_id VARCHAR,
	root_author_id VARCHAR,
	root_revision VARCHAR,
	quoted_id VARCHAR,
	quoted_author_id VARCHAR,
	quoted_revision VARCHAR,
	revision VARCHAR,
	url VARCHAR,
	posted_at BIGINT NOT NULL,
	seen_at BIGINT NOT NULL,
	thread_id VARCHAR NOT NULL,
	stored_at BIGINT NOT NULL,
	revised_at BIGINT NOT NULL,
	deleted_at BIGINT,
	CONSTRAINT pk_posts PRIMARY KEY (id),
	CONSTRAINT uq_posts_platform_post_id UNIQUE (platform, post_id)
);
CREATE INDEX ix_posts_platform_author_id ON posts (platform, author_id);
CREATE INDEX ix_posts_platform_parent_id ON posts (platform, parent_id);
CREATE INDEX ix_posts_platform_thread_id_parent_author_id ON posts (platform, thread_id, parent_author_id);
CREATE INDEX ix_posts_stored_at ON posts (stored_at);
CREATE TABLE rule_sets (
	version VARCHAR NOT NULL,
	engine_version VARCHAR NOT NULL,
	source VARCHAR NOT NULL,
	loaded_at BIGINT NOT NULL,
	CONSTRAINT pk_rule_sets PRIMARY KEY (version)
);
CREATE TABLE silences (
	id INTEGER NOT NULL,
	scope VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	until BIGINT NOT NULL,
	person VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	begun_at BIGINT NOT NULL,
	ended_at BIGINT,
	ended_by VARCHAR,
	label VARCHAR,
	criticals BOOLEAN DEFAULT 0 NOT NULL,
	held BIGINT DEFAULT 0 NOT NULL,
	CONSTRAINT pk_silences PRIMARY KEY (id),
	CONSTRAINT ck_silences_scope CHECK (scope IN ('rule', 'author', 'words', 'source', 'route'))
);
CREATE TABLE turns_told (
	rotation VARCHAR NOT NULL,
	person VARCHAR,
	last VARCHAR,
	since BIGINT NOT NULL,
	told_to BIGINT NOT NULL,
	CONSTRAINT pk_turns_told PRIMARY KEY (rotation)
);
CREATE TABLE accounts (
	id INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	platform VARCHAR NOT NULL,
	handle VARCHAR NOT NULL,
	account_id VARCHAR,
	CONSTRAINT pk_accounts PRIMARY KEY (id),
	CONSTRAINT uq_accounts_brand_platform_handle UNIQUE (brand, platform, handle),
	CONSTRAINT fk_accounts_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE TABLE answers (
	post INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	is_automatic BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT pk_answers PRIMARY KEY (post, brand),
	CONSTRAINT fk_answers_post FOREIGN KEY(post) REFERENCES posts (id),
	CONSTRAINT fk_answers_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE TABLE conversations (
	id INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	platform VARCHAR NOT NULL,
	root_id VARCHAR NOT NULL,
	author_id VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	version BIGINT NOT NULL,
	claimed_by VARCHAR,
	claimed_at BIGINT,
	snoozed_until BIGINT,
	snoozed_by VARCHAR,
	override VARCHAR,
	CONSTRAINT pk_conversations PRIMARY KEY (id),
	CONSTRAINT uq_conversations_brand_platform_root_id_author_id UNIQUE (brand, platform, root_id, author_id),
	CONSTRAINT ck_conversations_state CHECK (state IN ('open', 'claimed', 'snoozed', 'answered', 'dismissed')),
	CONSTRAINT fk_conversations_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE INDEX ix_conversations_brand_platform_author_id ON conversations (brand, platform, author_id);
CREATE INDEX ix_conversations_snoozed_until ON conversations (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE TABLE incidents (
	id INTEGER NOT NULL,
	uid VARCHAR NOT NULL,
	brand VARCHAR NOT NULL,
	route VARCHAR NOT NULL,
	channel VARCHAR NOT NULL,
	begun_at BIGINT NOT NULL,
	ended_at BIGINT,
	look_at BIGINT,
	looked_at BIGINT NOT NULL,
	shown VARCHAR NOT NULL,
	CONSTRAINT pk_incidents PRIMARY KEY (id),
	CONSTRAINT uq_incidents_uid UNIQUE (uid),
	CONSTRAINT fk_incidents_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE INDEX ix_incidents_look_at ON incidents (look_at) WHERE look_at IS NOT NULL;
CREATE UNIQUE INDEX uq_incidents_running ON incidents (brand, route, channel) WHERE ended_at IS NULL;
CREATE TABLE opt_outs (
	platform VARCHAR NOT NULL,
	author_id VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	post INTEGER,
	CONSTRAINT pk_opt_outs PRIMARY KEY (platform, author_id),
	CONSTRAINT fk_opt_outs_post FOREIGN KEY(post) REFERENCES posts (id)
);
CREATE TABLE reloads (
	id INTEGER NOT NULL,
	version VARCHAR NOT NULL,
	since BIGINT NOT NULL,
	read_at BIGINT NOT NULL,
	problems VARCHAR,
	CONSTRAINT pk_reloads PRIMARY KEY (id),
	CONSTRAINT fk_reloads_version FOREIGN KEY(version) REFERENCES rule_sets (version)
);
CREATE TABLE mentions (
	id INTEGER NOT NULL,
	uid VARCHAR NOT NULL,
	post INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	conversation INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	spans VARCHAR NOT NULL,
	asks BOOLEAN NOT NULL,
	due_at BIGINT,
	calendar_due_at BIGINT,
	ask INTEGER,
	CONSTRAINT pk_mentions PRIMARY KEY (id),
	CONSTRAINT uq_mentions_post_brand UNIQUE (post, brand),
	CONSTRAINT ck_mentions_kind CHECK (kind IN ('mention', 'reply', 'quote', 'dm', 'review', 'comment', 'post')),
	CONSTRAINT uq_mentions_uid UNIQUE (uid),
	CONSTRAINT fk_mentions_post FOREIGN KEY(post) REFERENCES posts (id),
	CONSTRAINT fk_mentions_brand FOREIGN KEY(brand) REFERENCES brands (name),
	CONSTRAINT fk_mentions_conversation FOREIGN KEY(conversation) REFERENCES conversations (id)
);
CREATE INDEX ix_mentions_ask ON mentions (ask);
CREATE INDEX ix_mentions_conversation ON mentions (conversation);
CREATE TABLE shared_answers (
	id INTEGER NOT NULL,
	incident INTEGER NOT NULL,
	text VARCHAR NOT NULL,
	origin VARCHAR NOT NULL,
	lang VARCHAR,
	person VARCHAR NOT NULL,
	made_at BIGINT NOT NULL,
	state VARCHAR NOT NULL,
	preparing INTEGER,
	CONSTRAINT pk_shared_answers PRIMARY KEY (id),
	CONSTRAINT ck_shared_answers_state CHECK (state IN ('open', 'prepared', 'approved', 'stopped', 'replaced')),
	CONSTRAINT fk_shared_answers_incident FOREIGN KEY(incident) REFERENCES incidents (id)
);
CREATE INDEX ix_shared_answers_incident ON shared_answers (incident);
CREATE TABLE asks (
	id INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	conversation INTEGER NOT NULL,
	mention INTEGER NOT NULL,
	started_at BIGINT NOT NULL,
	due_at BIGINT,
	calendar_due_at BIGINT,
	seen_at BIGINT NOT NULL,
	alerted_at BIGINT,
	claimed_at BIGINT,
	answered_at BIGINT,
	ended_at BIGINT,
	outcome VARCHAR,
	answered_by INTEGER,
	judged_to BIGINT DEFAULT 0 NOT NULL,
	engaged_to BIGINT DEFAULT 0 NOT NULL,
	counted BIGINT DEFAULT 0 NOT NULL,
	rang_at BIGINT,
	escalate_at BIGINT,
	CONSTRAINT pk_asks PRIMARY KEY (id),
	CONSTRAINT ck_asks_outcome CHECK (outcome IN ('answered', 'deleted', 'dismissed', 'elsewhere')),
	CONSTRAINT fk_asks_brand FOREIGN KEY(brand) REFERENCES brands (name),
	CONSTRAINT fk_asks_conversation FOREIGN KEY(conversation) REFERENCES conversations (id),
	CONSTRAINT fk_asks_mention FOREIGN KEY(mention) REFERENCES mentions (id),
	CONSTRAINT fk_asks_answered_by FOREIGN KEY(answered_by) REFERENCES posts (id)
);
CREATE INDEX ix_asks_conversation ON asks (conversation);
CREATE INDEX ix_asks_escalate_at ON asks (escalate_at) WHERE outcome IS NULL AND escalate_at IS NOT NULL;
CREATE INDEX ix_asks_judged_to ON asks (judged_to) WHERE outcome IS NULL;
CREATE INDEX ix_asks_started_at ON asks (started_at) WHERE outcome IS NULL;
CREATE UNIQUE INDEX uq_asks_open ON asks (conversation) WHERE outcome IS NULL;
CREATE TABLE burst_posts (
	mention INTEGER NOT NULL,
	channel VARCHAR NOT NULL,
	incident INTEGER,
	brand VARCHAR NOT NULL,
	route VARCHAR NOT NULL,
	conversation INTEGER NOT NULL,
	platform VARCHAR NOT NULL,
	author_id VARCHAR NOT NULL,
	urgency INTEGER NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_burst_posts PRIMARY KEY (mention, channel),
	CONSTRAINT fk_burst_posts_mention FOREIGN KEY(mention) REFERENCES mentions (id),
	CONSTRAINT fk_burst_posts_incident FOREIGN KEY(incident) REFERENCES incidents (id),
	CONSTRAINT fk_burst_posts_brand FOREIGN KEY(brand) REFERENCES brands (name),
	CONSTRAINT fk_burst_posts_conversation FOREIGN KEY(conversation) REFERENCES conversations (id)
);
CREATE INDEX ix_burst_posts_conversation ON burst_posts (conversation);
CREATE INDEX ix_burst_posts_incident_at ON burst_posts (incident, at);
CREATE INDEX ix_burst_posts_lately ON burst_posts (brand, route, channel, at) WHERE incident IS NULL;
CREATE TABLE counted (
	id INTEGER NOT NULL,
	counter VARCHAR NOT NULL,
	mention INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	part VARCHAR NOT NULL,
	name VARCHAR,
	at BIGINT NOT NULL,
	CONSTRAINT pk_counted PRIMARY KEY (id),
	CONSTRAINT uq_counted_counter_mention UNIQUE (counter, mention),
	CONSTRAINT fk_counted_mention FOREIGN KEY(mention) REFERENCES mentions (id),
	CONSTRAINT fk_counted_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE INDEX ix_counted_counter_at ON counted (counter, at);
CREATE INDEX ix_counted_mention ON counted (mention);
CREATE TABLE decisions (
	id INTEGER NOT NULL,
	feed VARCHAR NOT NULL,
	press_id VARCHAR NOT NULL,
	brand VARCHAR,
	conversation INTEGER,
	mention INTEGER,
	person VARCHAR NOT NULL,
	channel VARCHAR NOT NULL,
	verb VARCHAR,
	at BIGINT NOT NULL,
	outcome VARCHAR NOT NULL,
	state_before VARCHAR,
	state_after VARCHAR,
	reply VARCHAR NOT NULL,
	is_loud BOOLEAN NOT NULL,
	note VARCHAR,
	argument VARCHAR,
	changed VARCHAR,
	undone_by INTEGER,
	draft INTEGER,
	CONSTRAINT pk_decisions PRIMARY KEY (id),
	CONSTRAINT uq_decisions_feed_press_id UNIQUE (feed, press_id),
	CONSTRAINT fk_decisions_brand FOREIGN KEY(brand) REFERENCES brands (name),
	CONSTRAINT fk_decisions_conversation FOREIGN KEY(conversation) REFERENCES conversations (id),
	CONSTRAINT fk_decisions_mention FOREIGN KEY(mention) REFERENCES mentions (id)
);
CREATE INDEX ix_decisions_conversation ON decisions (conversation);
CREATE TABLE drafts (
	id INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	conversation INTEGER NOT NULL,
	mention INTEGER NOT NULL,
	text VARCHAR NOT NULL,
	lang VARCHAR,
	origin VARCHAR NOT NULL,
	made_by VARCHAR NOT NULL,
	made_at BIGINT NOT NULL,
	state VARCHAR NOT NULL,
	newest INTEGER NOT NULL,
	seen_to INTEGER NOT NULL,
	revised_at BIGINT NOT NULL,
	CONSTRAINT pk_drafts PRIMARY KEY (id),
	CONSTRAINT ck_drafts_origin CHECK (origin IN ('rule', 'library', 'model', 'person')),
	CONSTRAINT ck_drafts_state CHECK (state IN ('open', 'replaced', 'discarded', 'approved')),
	CONSTRAINT fk_drafts_brand FOREIGN KEY(brand) REFERENCES brands (name),
	CONSTRAINT fk_drafts_conversation FOREIGN KEY(conversation) REFERENCES conversations (id),
	CONSTRAINT fk_drafts_mention FOREIGN KEY(mention) REFERENCES mentions (id),
	CONSTRAINT fk_drafts_newest FOREIGN KEY(newest) REFERENCES mentions (id),
	CONSTRAINT fk_drafts_seen_to FOREIGN KEY(seen_to) REFERENCES posts (id)
);
CREATE INDEX ix_drafts_conversation ON drafts (conversation);
CREATE UNIQUE INDEX uq_drafts_open ON drafts (conversation) WHERE state = 'open';
CREATE TABLE listed (
	conversation INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	platform VARCHAR NOT NULL,
	mention INTEGER NOT NULL,
	is_open BOOLEAN NOT NULL,
	rank INTEGER NOT NULL,
	wait_at BIGINT NOT NULL,
	posted_at BIGINT NOT NULL,
	state VARCHAR NOT NULL,
	ignored BOOLEAN NOT NULL,
	persona VARCHAR,
	lang VARCHAR,
	claimed_by VARCHAR,
	due_at BIGINT,
	CONSTRAINT pk_listed PRIMARY KEY (conversation),
	CONSTRAINT fk_listed_conversation FOREIGN KEY(conversation) REFERENCES conversations (id),
	CONSTRAINT fk_listed_brand FOREIGN KEY(brand) REFERENCES brands (name),
	CONSTRAINT fk_listed_mention FOREIGN KEY(mention) REFERENCES mentions (id)
);
CREATE INDEX ix_listed_mention ON listed (mention);
CREATE INDEX ix_listed_newest ON listed (brand, posted_at, conversation, state, ignored, rank, platform, persona, lang, claimed_by, due_at);
CREATE INDEX ix_listed_open ON listed (brand, is_open, rank, wait_at, conversation, state, platform, persona, lang, claimed_by, due_at);
CREATE TABLE verdicts (
	id INTEGER NOT NULL,
	mention INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	rules_version VARCHAR NOT NULL,
	engine_version VARCHAR NOT NULL,
	urgency INTEGER NOT NULL,
	score INTEGER NOT NULL,
	ignored BOOLEAN NOT NULL,
	alert VARCHAR NOT NULL,
	persona VARCHAR,
	route VARCHAR NOT NULL,
	tags VARCHAR NOT NULL,
	verdict VARCHAR NOT NULL,
	facts VARCHAR NOT NULL,
	judged_at BIGINT NOT NULL,
	CONSTRAINT pk_verdicts PRIMARY KEY (id),
	CONSTRAINT ck_verdicts_urgency CHECK (urgency BETWEEN 0 AND 3),
	CONSTRAINT ck_verdicts_alert CHECK (alert IN ('ping', 'message', 'digest', 'none')),
	CONSTRAINT fk_verdicts_mention FOREIGN KEY(mention) REFERENCES mentions (id),
	CONSTRAINT fk_verdicts_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE INDEX ix_verdicts_mention ON verdicts (mention);
CREATE TABLE effects (
	id INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	channel VARCHAR NOT NULL,
	route VARCHAR,
	brand VARCHAR,
	conversation INTEGER,
	mention INTEGER,
	ask INTEGER,
	subject INTEGER,
	urgency INTEGER,
	payload VARCHAR NOT NULL,
	tried VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	due_at BIGINT NOT NULL,
	leased_until BIGINT,
	fence BIGINT NOT NULL,
	attempts INTEGER NOT NULL,
	reason VARCHAR,
	receipt VARCHAR,
	receipt_at BIGINT,
	created_at BIGINT NOT NULL,
	group_key VARCHAR,
	replaced_by INTEGER,
	CONSTRAINT pk_effects PRIMARY KEY (id),
	CONSTRAINT ck_effects_kind CHECK (kind IN ('alert', 'update', 'digest', 'notice')),
	CONSTRAINT ck_effects_state CHECK (state IN ('pending', 'leased', 'sent', 'dead', 'dropped')),
	CONSTRAINT uq_effects_key UNIQUE ("key"),
	CONSTRAINT fk_effects_brand FOREIGN KEY(brand) REFERENCES brands (name),
	CONSTRAINT fk_effects_conversation FOREIGN KEY(conversation) REFERENCES conversations (id),
	CONSTRAINT fk_effects_mention FOREIGN KEY(mention) REFERENCES mentions (id),
	CONSTRAINT fk_effects_ask FOREIGN KEY(ask) REFERENCES asks (id),
	CONSTRAINT fk_effects_subject FOREIGN KEY(subject) REFERENCES effects (id)
);
CREATE INDEX ix_effects_ask ON effects (ask);
CREATE INDEX ix_effects_conversation ON effects (conversation);
CREATE INDEX ix_effects_group ON effects (group_key, due_at) WHERE group_key IS NOT NULL;
CREATE INDEX ix_effects_receipt ON effects (receipt) WHERE receipt IS NOT NULL;
CREATE INDEX ix_effects_rings ON effects (channel, due_at) WHERE kind IN ('alert', 'digest');
CREATE INDEX ix_effects_state_due_at ON effects (state, due_at);
CREATE INDEX ix_effects_subject ON effects (subject);
CREATE TABLE escalations (
	id INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	ask INTEGER NOT NULL,
	conversation INTEGER NOT NULL,
	number INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	step VARCHAR NOT NULL,
	share INTEGER NOT NULL,
	whom VARCHAR NOT NULL,
	owner VARCHAR,
	at BIGINT NOT NULL,
	CONSTRAINT pk_escalations PRIMARY KEY (id),
	CONSTRAINT uq_escalations_ask_number UNIQUE (ask, number),
	CONSTRAINT ck_escalations_kind CHECK (kind IN ('ask', 'remind', 'return', 'repeat')),
	CONSTRAINT fk_escalations_brand FOREIGN KEY(brand) REFERENCES brands (name),
	CONSTRAINT fk_escalations_ask FOREIGN KEY(ask) REFERENCES asks (id),
	CONSTRAINT fk_escalations_conversation FOREIGN KEY(conversation) REFERENCES conversations (id)
);
CREATE INDEX ix_escalations_conversation ON escalations (conversation);
CREATE TABLE feedback (
	id INTEGER NOT NULL,
	decision INTEGER NOT NULL,
	verdict INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	person VARCHAR NOT NULL,
	says VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_feedback PRIMARY KEY (id),
	CONSTRAINT fk_feedback_decision FOREIGN KEY(decision) REFERENCES decisions (id),
	CONSTRAINT fk_feedback_verdict FOREIGN KEY(verdict) REFERENCES verdicts (id),
	CONSTRAINT fk_feedback_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE INDEX ix_feedback_verdict ON feedback (verdict);
CREATE UNIQUE INDEX uq_feedback ON feedback (verdict, person);
CREATE TABLE fired (
	verdict INTEGER NOT NULL,
	place INTEGER NOT NULL,
	rule VARCHAR NOT NULL,
	points INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	CONSTRAINT pk_fired PRIMARY KEY (verdict, place),
	CONSTRAINT fk_fired_verdict FOREIGN KEY(verdict) REFERENCES verdicts (id),
	CONSTRAINT fk_fired_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE INDEX ix_fired_rule ON fired (rule);
CREATE TABLE replies (
	id INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	brand VARCHAR NOT NULL,
	conversation INTEGER NOT NULL,
	mention INTEGER NOT NULL,
	draft INTEGER NOT NULL,
	platform VARCHAR NOT NULL,
	text VARCHAR NOT NULL,
	hash VARCHAR NOT NULL,
	lang VARCHAR,
	corrects INTEGER,
	approved_by VARCHAR NOT NULL,
	approved_at BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	until BIGINT NOT NULL,
	state VARCHAR NOT NULL,
	may_be_there BOOLEAN NOT NULL,
	asks_staff BOOLEAN NOT NULL,
	fence INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	leased_until BIGINT,
	reason VARCHAR,
	post_id VARCHAR,
	url VARCHAR,
	published_at BIGINT,
	is_automatic BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT pk_replies PRIMARY KEY (id),
	CONSTRAINT ck_replies_state CHECK (state IN ('held', 'going', 'published', 'refused', 'unsure', 'withdrawn', 'canceled', 'leaving', 'taken_back')),
	CONSTRAINT uq_replies_key UNIQUE ("key"),
	CONSTRAINT fk_replies_brand FOREIGN KEY(brand) REFERENCES brands (name),
	CONSTRAINT fk_replies_conversation FOREIGN KEY(conversation) REFERENCES conversations (id),
	CONSTRAINT fk_replies_mention FOREIGN KEY(mention) REFERENCES mentions (id),
	CONSTRAINT uq_replies_draft UNIQUE (draft),
	CONSTRAINT fk_replies_draft FOREIGN KEY(draft) REFERENCES drafts (id)
);
CREATE INDEX ix_replies_conversation ON replies (conversation);
CREATE INDEX ix_replies_state_due_at ON replies (state, due_at);
CREATE UNIQUE INDEX uq_replies_automatic ON replies (conversation) WHERE is_automatic;
CREATE UNIQUE INDEX uq_replies_live ON replies (conversation) WHERE state IN ('held', 'going', 'unsure', 'leaving') AND NOT is_automatic;
CREATE TABLE calls (
	id INTEGER NOT NULL,
	effect INTEGER NOT NULL,
	person VARCHAR NOT NULL,
	channel VARCHAR NOT NULL,
	is_critical BOOLEAN NOT NULL,
	is_left_out BOOLEAN NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_calls PRIMARY KEY (id),
	CONSTRAINT uq_calls_effect_person UNIQUE (effect, person),
	CONSTRAINT fk_calls_effect FOREIGN KEY(effect) REFERENCES effects (id)
);
CREATE INDEX ix_calls_at ON calls (at);
CREATE TABLE deliveries (
	id INTEGER NOT NULL,
	effect INTEGER NOT NULL,
	brand VARCHAR,
	started_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL,
	outcome VARCHAR NOT NULL,
	reason VARCHAR,
	receipt VARCHAR,
	CONSTRAINT pk_deliveries PRIMARY KEY (id),
	CONSTRAINT ck_deliveries_outcome CHECK (outcome IN ('sent', 'retry', 'dead')),
	CONSTRAINT fk_deliveries_effect FOREIGN KEY(effect) REFERENCES effects (id),
	CONSTRAINT fk_deliveries_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE INDEX ix_deliveries_effect ON deliveries (effect);
CREATE TABLE digest_items (
	effect INTEGER NOT NULL,
	mention INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	urgency INTEGER,
	held_at BIGINT,
	CONSTRAINT pk_digest_items PRIMARY KEY (effect, mention),
	CONSTRAINT fk_digest_items_effect FOREIGN KEY(effect) REFERENCES effects (id),
	CONSTRAINT fk_digest_items_mention FOREIGN KEY(mention) REFERENCES mentions (id),
	CONSTRAINT fk_digest_items_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE INDEX ix_digest_items_held_at ON digest_items (held_at) WHERE held_at IS NOT NULL;
CREATE INDEX ix_digest_items_mention ON digest_items (mention);
CREATE TABLE publications (
	id INTEGER NOT NULL,
	reply INTEGER NOT NULL,
	brand VARCHAR NOT NULL,
	started_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL,
	outcome VARCHAR NOT NULL,
	reason VARCHAR,
	CONSTRAINT pk_publications PRIMARY KEY (id),
	CONSTRAINT fk_publications_reply FOREIGN KEY(reply) REFERENCES replies (id),
	CONSTRAINT fk_publications_brand FOREIGN KEY(brand) REFERENCES brands (name)
);
CREATE INDEX ix_publications_reply ON publications (reply);
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))
