"""All cases of the differential."""
import cases_exec
import cases_files
import cases_network
import cases_user
from case import Writer


def table(pki):
    writer = Writer(pki)
    return [case for module in (cases_files, cases_user, cases_network,
                                cases_exec)
            for case in module.table(writer)]
