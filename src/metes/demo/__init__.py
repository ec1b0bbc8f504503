"""A believable company, made up by seed: import files and a plan on real US geography."""

from metes.demo.company import CompanyFiles, make_company

__all__ = ["CompanyFiles", "make_company"]
