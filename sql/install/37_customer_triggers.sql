-- What people type is brought into one form, and who met is kept in step with calls and participants, whoever writes
-- them. Silent for our own code and for restores, which bring the parties too (chorus.is_pushed).

CREATE FUNCTION chorus.domain_as_typed() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.domain := chorus.as_domain(NEW.domain);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION chorus.domain_as_typed() IS 'Brings a domain into the form of a host';
CREATE TRIGGER domain_as_typed BEFORE INSERT OR UPDATE OF domain ON chorus.customer_domains
    FOR EACH ROW WHEN (chorus.is_pushed()) EXECUTE FUNCTION chorus.domain_as_typed();
CREATE TRIGGER domain_as_typed BEFORE INSERT OR UPDATE OF domain ON chorus.domain_rules
    FOR EACH ROW WHEN (chorus.is_pushed()) EXECUTE FUNCTION chorus.domain_as_typed();

CREATE FUNCTION chorus.email_as_typed() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.email := chorus.as_email(NEW.email);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION chorus.email_as_typed() IS 'Brings an address into lower case, without blanks around it';
CREATE TRIGGER email_as_typed BEFORE INSERT OR UPDATE OF email ON chorus.customer_contacts
    FOR EACH ROW WHEN (chorus.is_pushed()) EXECUTE FUNCTION chorus.email_as_typed();

CREATE FUNCTION chorus.account_as_typed() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.account_id := regexp_replace(NEW.account_id, '^\s+|\s+$', '', 'g');
    -- A longer one would not fit into an index.
    IF NEW.account_id = '' OR octet_length(NEW.account_id) > 1000 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'an account needs an id of at most 1000 bytes',
            HINT = 'The id that the CRM has for it, such as 0014X00002abCdE; the placeholder accounts of Chorus have none.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION chorus.account_as_typed() IS 'Refuses an account without an id';
CREATE TRIGGER account_as_typed BEFORE INSERT OR UPDATE OF account_id ON chorus.customer_accounts
    FOR EACH ROW WHEN (chorus.is_pushed()) EXECUTE FUNCTION chorus.account_as_typed();
