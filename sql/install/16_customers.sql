-- Customers: filled by the backend with plain SQL, in any order. Whom a meeting was held with is derived from these rows
-- when somebody looks; nothing has to be told that they changed.
--
-- The triggers of 37_customer_triggers.sql bring what people type into one form.

CREATE TABLE chorus.customers (
    customer_id text NOT NULL PRIMARY KEY CHECK (customer_id <> ''),
    name        text
);
COMMENT ON TABLE  chorus.customers             IS 'Whom meetings are held with. A domain, account or contact of a customer that has no row here attaches nothing';
COMMENT ON COLUMN chorus.customers.customer_id IS 'Id in the backend that fills this table';
COMMENT ON COLUMN chorus.customers.name        IS 'As people call it';

CREATE TABLE chorus.customer_domains (
    domain      text NOT NULL,
    customer_id text NOT NULL CHECK (customer_id <> ''),
    PRIMARY KEY (domain, customer_id)
);
CREATE INDEX customer_domains_by_customer ON chorus.customer_domains (customer_id);
COMMENT ON TABLE  chorus.customer_domains             IS 'Domains of customers. One may belong to several; it counts for everything below it that is not named itself';
COMMENT ON COLUMN chorus.customer_domains.domain      IS 'A host in lower case and ASCII, however it was typed';
COMMENT ON COLUMN chorus.customer_domains.customer_id IS 'chorus.customers';

CREATE TABLE chorus.customer_accounts (
    account_id  text NOT NULL,
    customer_id text NOT NULL CHECK (customer_id <> ''),
    account_key text NOT NULL GENERATED ALWAYS AS (chorus.account_key(account_id)) STORED,
    PRIMARY KEY (account_id, customer_id)
);
CREATE INDEX customer_accounts_by_key      ON chorus.customer_accounts (account_key);
CREATE INDEX customer_accounts_by_customer ON chorus.customer_accounts (customer_id);
COMMENT ON TABLE  chorus.customer_accounts             IS 'Accounts of customers in the CRM, as Chorus names them in calls';
COMMENT ON COLUMN chorus.customer_accounts.account_id  IS 'With 15 or 18 characters where it is one of Salesforce';
COMMENT ON COLUMN chorus.customer_accounts.customer_id IS 'chorus.customers';
COMMENT ON COLUMN chorus.customer_accounts.account_key IS 'What both forms of a Salesforce id have in common';

CREATE TABLE chorus.customer_contacts (
    email       text NOT NULL,
    customer_id text NOT NULL CHECK (customer_id <> ''),
    address     text NOT NULL GENERATED ALWAYS AS (chorus.address(email)) STORED,
    host        text          GENERATED ALWAYS AS (chorus.host(email)) STORED,
    PRIMARY KEY (email, customer_id)
);
CREATE INDEX customer_contacts_by_address  ON chorus.customer_contacts (address);
CREATE INDEX customer_contacts_by_customer ON chorus.customer_contacts (customer_id);
COMMENT ON TABLE  chorus.customer_contacts             IS 'People of customers by their address, free mail too';
COMMENT ON COLUMN chorus.customer_contacts.email       IS 'Lower case, trimmed';
COMMENT ON COLUMN chorus.customer_contacts.customer_id IS 'chorus.customers';
COMMENT ON COLUMN chorus.customer_contacts.address     IS 'The same mailbox without a plus-tag, which is what attendees are compared with';
COMMENT ON COLUMN chorus.customer_contacts.host        IS 'Host of the address';

CREATE TABLE chorus.domain_rules (
    domain text NOT NULL PRIMARY KEY,
    rule   text NOT NULL CHECK (rule IN ('free_mail', 'internal', 'ignore', 'allow')),
    note   text
);
COMMENT ON TABLE  chorus.domain_rules        IS 'What a person decided about a domain and everything below it. The most specific decision holds, before anything learnt or built in; chorus.effective_domain_rules has it all';
COMMENT ON COLUMN chorus.domain_rules.domain IS 'A host in lower case and ASCII, however it was typed';
COMMENT ON COLUMN chorus.domain_rules.rule   IS 'free_mail and ignore: it attaches nobody; internal: its people are own people as well; allow: it attaches, whatever was learnt or is built in';
COMMENT ON COLUMN chorus.domain_rules.note   IS 'Why';

-- What a person said about one meeting. It hangs on a call, so that it stays with the meeting of that call when meetings
-- are merged and separated.
CREATE TABLE chorus.customer_decisions (
    call_id     bigint      NOT NULL,
    customer_id text        NOT NULL,
    decision    text        NOT NULL CHECK (decision IN ('attached', 'detached')),
    decided_at  timestamptz NOT NULL,
    PRIMARY KEY (call_id, customer_id)
);
COMMENT ON TABLE  chorus.customer_decisions             IS 'Attached and detached by hand: chorus_attach, chorus_detach. Without its row the rules decide again';
COMMENT ON COLUMN chorus.customer_decisions.call_id     IS 'chorus.calls: main call of the meeting when it was decided; the decision is about the meeting that has this call';
COMMENT ON COLUMN chorus.customer_decisions.customer_id IS 'chorus.customers';
COMMENT ON COLUMN chorus.customer_decisions.decision    IS 'attached or detached. Where a merged meeting has several, the last one holds';
COMMENT ON COLUMN chorus.customer_decisions.decided_at  IS 'When it was decided';
