"""PostgreSQL behind the ports: tables, one unit of work a request or job, one repository a noun."""
