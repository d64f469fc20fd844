{# Written by tools/dbt_sources.py from the declaration of Employee. #}
{{ staged_list('employees', {'accountID': 'integer', 'employeeID': 'integer'}, 'EmployeeRole.EmployeeRights', {
    'employeeRightID': 'integer',
    'name': 'string',
}) }}
