#!/bin/sh
# Gives each service's login the password in /run/secrets/postgres_SERVICE. The
# postgres image runs it after roles.sql when it makes the database.
set -eu
for service in identity selection nomination voting review; do
	psql --set ON_ERROR_STOP=1 --set "role=laurel_${service}_login" \
		--set "password=$(cat "/run/secrets/postgres_${service}")" \
		--username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<-'SQL'
		ALTER ROLE :"role" PASSWORD :'password';
	SQL
done
