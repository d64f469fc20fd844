{# Written by tools/dbt_sources.py from the declaration of EmployeeHours. #}
{{ staged('employee_hours', {
    'accountID': 'integer',
    'employeeHoursID': 'integer',
    'checkIn': 'datetime',
    'checkOut': 'datetime',
    'employeeID': 'key',
    'shopID': 'key',
}) }}
